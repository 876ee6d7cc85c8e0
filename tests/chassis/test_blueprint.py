"""A blueprint says what runs where, or in one line why it cannot."""

from pathlib import Path

import pytest

import tradewind
from tradewind.chassis import blueprint, config
from tradewind.chassis.blueprint import BadBlueprint, Blueprint, Process

FOLDER = Path(tradewind.__file__).parent / "apps" / "blueprints"
SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
GOOD = """\
# Two processes on one machine.
[processes.gateway]
services = ["users"]
edge = true

[processes.orders]
services = ["orders", "payments"]

[settings]
port = 3000
provider_faults = 0.25
host = "${HOST:-0.0.0.0}"
database_url = "postgresql://${DB_USER}:${DB_PASSWORD:-}@${DB_HOST:-localhost}/shop"
admin_password = "cost$$5"
"""


def read(folder: Path, text: str, **environment: str) -> Blueprint:
    (folder / "mine.toml").write_text(text)
    return blueprint.load("mine", folder=folder, services=SERVICES, environment=environment)


def test_reads_processes_and_settings(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, DB_USER="shop", HOST="")
    assert (found.name, found.says) == ("mine", "Two processes on one machine.")
    assert found.processes == (Process("gateway", ("users",), True), Process("orders", ("orders", "payments"), False))
    assert found.settings == {
        "port": "3000",
        "provider_faults": "0.25",
        "host": "0.0.0.0",
        "database_url": "postgresql://shop:@localhost/shop",
        "admin_password": "cost$5",
    }
    assert found.process("orders").services == ("orders", "payments")
    with pytest.raises(BadBlueprint, match="mine: no process 'order'; did you mean 'orders'"):
        found.process("order")


def test_a_variable_cannot_bring_toml_along(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, DB_USER='x"\nport = 1\n#', HOST="h")
    assert found.settings["port"] == "3000"
    assert 'x"\nport' in found.settings["database_url"]


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD)
    found = blueprint.load(str(tmp_path / "own.toml"), folder=FOLDER, services=SERVICES, environment={"DB_USER": "x"})
    assert found.name == "own"


def test_default_runs_the_whole_shop_in_one_process() -> None:
    found = blueprint.load("default", folder=FOLDER, services=SERVICES, environment={})
    assert found.processes == (Process("shop", SERVICES, True),)
    config.load({}, found.settings)
    assert ("default", found.says) in blueprint.listing(FOLDER)
    assert all(says for _, says in blueprint.listing(FOLDER))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "processes: none is named"),
        ("[processes", "not TOML"),
        ('services = ["users"]', "the file: unknown key 'services'; there is processes, settings"),
        ("[process.shop]\nedge = true", "unknown key 'process'; did you mean 'processes'?"),
        ('[processes.shop]\nservice = ["users"]', "processes.shop: unknown key 'service'; did you mean 'services'?"),
        ('[processes.shop]\nservices = ["order"]', "processes.shop.services: unknown service 'order'; did you mean 'orders'?"),
        ('[processes.shop]\nservices = ["warehouse"]', "unknown service 'warehouse'; there is users, inventory"),
        ('[processes.shop]\nservices = "users"', "must be a list of names"),
        ('[processes.shop]\nservices = ["users", 1]', "must be a list of names"),
        ('[processes.shop]\nservices = ["users", "users"]\nedge = true', "'users' is named twice, first in shop"),
        ('[processes.a]\nservices = ["users"]\n[processes.b]\nservices = ["users"]', "'users' is named twice, first in a"),
        ("[processes.shop]", "processes.shop: runs nothing"),
        ("[processes.shop]\nedge = true", "processes: no service is named"),
        ('[processes.shop]\nservices = ["users"]', "edge = true stands in none; exactly one process is the edge"),
        ('[processes.a]\nservices = ["users"]\nedge = true\n[processes.b]\nedge = true', "stands in a, b"),
        ('[processes.shop]\nservices = ["users"]\nedge = "yes"', "processes.shop.edge: must be true or false"),
        ('[processes."A shop"]\nservices = ["users"]', "a process is named with small letters"),
        ("[processes]\nshop = 1", "processes.shop: must be a table"),
        ("processes = 1", "processes: must be a table"),
        ('[processes.shop]\nservices = ["users"]\nedge = true\n[settings]\nport = [1]', "settings.port: must be a text or a number"),
        ('[processes.shop]\nservices = ["users"]\nedge = true\n[settings]\nhost = "${HOST}"', "settings.host: needs the variable HOST"),
    ],
)
def test_a_wrong_blueprint_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadBlueprint) as bad:
        read(tmp_path, text)
    assert says in str(bad.value)
    assert "mine" in str(bad.value)
    assert "\n" not in str(bad.value)


def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadBlueprint, match="no blueprint 'defualt'; did you mean 'default'"):
        blueprint.load("defualt", folder=FOLDER, services=SERVICES, environment={})
    (tmp_path / "mine.toml").write_bytes(b"\xff")
    with pytest.raises(BadBlueprint, match="mine: cannot be read"):
        blueprint.load("mine", folder=tmp_path, services=SERVICES, environment={})
