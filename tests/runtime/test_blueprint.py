"""A blueprint says what runs where, or in one line why it cannot."""

from pathlib import Path

import pytest

import tradewind
from tradewind.contracts.policies import Policies
from tradewind.runtime import blueprint, config
from tradewind.runtime.blueprint import Address, BadBlueprint, Blueprint, Process

FOLDER = Path(tradewind.__file__).parent / "runtime" / "blueprints"
SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
GOOD = """\
# Two processes on one machine.

[processes.gateway]
services = ["users"]
apis = { v1 = "http://${HOST:-0.0.0.0}:3000" }

[processes.orders]
services = ["orders", "payments"]
apis = { services = "rabbitmq://" }
copies = "${COPIES:-2}"
ops_port = 9100

[requests]
orders = "services"

[events]
bus = "rabbitmq"

[stores]
url = "postgresql://${DB_USER}:${DB_PASSWORD:-}@${DB_HOST:-localhost}/shop"
orders.schema = "order_schema"

[settings]
retry_delays_ms = ["10", "${MORE:-20}"]
provider_faults = 0.25
admin_password = "cost$$5"
"""


def read(folder: Path, text: str, **environment: str) -> Blueprint:
    (folder / "mine.toml").write_text(text)
    return blueprint.load("mine", folder=folder, services=SERVICES, environment=environment)


def test_reads_processes_and_settings(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, DB_USER="shop", HOST="")
    assert (found.name, found.says) == ("mine", "Two processes on one machine.")
    assert found.processes == (
        Process("gateway", ("users",), {"v1": Address("http", "0.0.0.0", 3000)}),
        Process("orders", ("orders", "payments"), {"services": Address("rabbitmq")}, 2, 9100),
    )
    assert (found.requests, found.bus) == ({"orders": ("services",)}, "rabbitmq")
    assert (found.schemas, found.front.name) == ({"orders": "order_schema"}, "gateway")
    assert found.settings == {
        "port": "3000",
        "retry_delays_ms": "10,20",
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
    found = blueprint.load(
        str(tmp_path / "own.toml"), folder=FOLDER, services=SERVICES, environment={"DB_USER": "x"}
    )
    assert found.name == "own"


def test_default_runs_the_whole_shop_in_one_process() -> None:
    found = blueprint.load("default", folder=FOLDER, services=SERVICES, environment={})
    assert found.processes == (Process("shop", SERVICES, {"v1": Address("http")}),)
    config.load({}, found.settings)
    assert ("default", found.says) in blueprint.listing(FOLDER)
    assert all(says for _, says in blueprint.listing(FOLDER))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "processes: none is named"),
        ("[processes", "not TOML"),
        (
            'services = ["users"]',
            "the file: unknown key 'services'; there is packages, processes, requests, events, stores, redis, policies, "
            "settings",
        ),
        ('[process.shop]\napis = { v1 = "http://" }', "unknown key 'process'; did you mean 'processes'?"),
        (
            '[processes.shop]\nservice = ["users"]',
            "processes.shop: unknown key 'service'; did you mean 'services'?",
        ),
        (
            '[processes.shop]\nservices = ["order"]',
            "processes.shop.services: unknown service 'order'; did you mean 'orders'?",
        ),
        (
            '[processes.shop]\nservices = ["warehouse"]',
            "unknown service 'warehouse'; there is users, inventory",
        ),
        ('[processes.shop]\nservices = "users"', "must be a list of names"),
        ('[processes.shop]\nservices = ["users", 1]', "must be a list of names"),
        (
            '[processes.shop]\nservices = ["users", "users"]\napis = { v1 = "http://" }',
            "'users' is named twice, first in shop",
        ),
        (
            '[processes.a]\nservices = ["users"]\n[processes.b]\nservices = ["users"]',
            "'users' is named twice, first in a",
        ),
        ("[processes.shop]", "processes.shop: runs nothing"),
        ('[processes.shop]\napis = { v1 = "http://" }', "processes: no service is named"),
        (
            '[processes.shop]\nservices = ["users"]',
            'processes: none serves an API to clients; write apis = { NAME = "http://" }, there is v1, rpc',
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v2 = "http://" }',
            "processes.shop.apis.v2: unknown API 'v2'; there is v1, rpc, rpc-queues, services, provider",
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "rabbitmq://" }',
            "processes.shop.apis.v1: API v1 is carried by http: write http://",
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "http://h:x" }',
            "processes.shop.apis.v1: the port of 'http://h:x' is not a whole number",
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "http://h:1" }\n[settings]\nport = 2',
            "settings.port: processes.shop.apis says it too",
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "http://" }\n[requests]\nusers = "services"',
            "requests.users: processes.shop serves services for users; add it to its apis",
        ),
        (
            '[processes.shop]\nservices = ["users"]\nvariables = { port = 1 }',
            "processes.shop.variables: must be a table of variables",
        ),
        ('[processes.shop]\nservices = ["users"]\napis = "v1"', "processes.shop.apis: must be a table"),
        ('[processes."A shop"]\nservices = ["users"]', "a process is named with small letters"),
        ("[processes]\nshop = 1", "processes.shop: must be a table"),
        ("processes = 1", "processes: must be a table"),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "http://" }\n[settings]\nport = [1]',
            "settings.port: must be a text, a number or a list of texts",
        ),
        (
            '[processes.shop]\nservices = ["users"]\napis = { v1 = "http://" }\n[settings]\nhost = "${HOST}"',
            "settings.host: needs the variable HOST",
        ),
    ],
)
def test_a_wrong_blueprint_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadBlueprint) as bad:
        read(tmp_path, text)
    assert says in str(bad.value)
    assert "mine" in str(bad.value)
    assert "\n" not in str(bad.value)


APART = (
    '[processes.edge]\napis = { v1 = "http://" }\nops_port = '
    '9100\n[processes.orders]\nservices = ["orders"]\n'
)
BUS = '\n[events]\nbus = "rabbitmq"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (APART + '[events]\nbus = "rabbit"', "events.bus: unknown bus 'rabbit'; did you mean 'rabbitmq'?"),
        (
            APART + '[processes.users]\nservices = ["users"]\n',
            'events.bus: edge, orders, users run apart, so say what carries their events: bus = "rabbitmq"',
        ),
        (
            '[processes.shop]\nservices = ["orders"]\ncopies = 2\napis = { v1 = "http://" }\n',
            'events.bus: shop run apart, so say what carries their events: bus = "rabbitmq"',
        ),
        (APART + "copies = 0", "processes.orders.copies: '0' is not a whole number from 1 to 32"),
        (APART + 'copies = "${HOW_MANY}"', "processes.orders.copies: needs the variable HOW_MANY"),
        (APART + "copies = true", "processes.orders.copies: 'True' is not a whole number"),
        (
            APART + 'apis = { provider = "http://" }\ncopies = 2' + BUS,
            "processes.orders.copies: API provider runs once, so its process has no copies",
        ),
        (
            APART + 'apis = { rpc = "http://" }' + BUS,
            "processes.orders.apis.rpc: say where it listens, like http://127.0.0.1:8081",
        ),
        (
            APART + 'apis = { rpc = "http://:0" }\ncopies = 2' + BUS,
            "processes.orders.apis.rpc: copies share a port, so it cannot be any that is free",
        ),
        (
            APART + "ops_port = 65536",
            "processes.orders.ops_port: '65536' is not a whole number from 0 to 65535",
        ),
        (
            APART + "ops_port = 9099\ncopies = 2",
            "processes.orders.ops_port: a copy's port, 9100, is that of edge",
        ),
        (
            APART + "ops_port = 65535\ncopies = 2",
            "processes.orders.ops_port: a copy's port, 65536, is past the last one",
        ),
        (
            APART + BUS + '[stores]\norder.schema = "x"',
            "stores: unknown service 'order'; did you mean 'orders'?",
        ),
        (
            APART + BUS + '[stores]\norders.schema = "Orders"',
            "stores.orders.schema: must be a schema of the service's own",
        ),
        (
            APART + BUS + '[stores]\norders.schema = "public"',
            "stores.orders.schema: must be a schema of the service's own",
        ),
        (
            APART + BUS + '[stores]\norders.schema = "one"\nusers.schema = "one"',
            "stores.users.schema: 'one' is another service's",
        ),
        (APART + BUS + '[stores]\nhost = "db"\n', "stores.name: must be a word"),
        (APART + BUS + '[stores]\nhost = "a b"\nname = "shop"', "stores.host: must be a word"),
        (
            APART + BUS + '[stores]\nhost = "db"\nname = "shop"\nport = "x"',
            "stores.port: 'x' is not a whole number from 1 to 65535",
        ),
        (
            APART + BUS + '[stores]\nhost = "db"\nname = "shop"\npass = "hunter2"',
            "stores: unknown key 'pass'",
        ),
        (
            APART + BUS + '[stores]\nhost = "db"\nname = "shop"\n[settings]\ndatabase_url = "x"',
            "stores: settings.database_url says it too",
        ),
    ],
)
def test_what_does_not_fit_together_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadBlueprint) as bad:
        read(tmp_path, text)
    assert str(bad.value).startswith("mine.toml: " + says), bad.value
    assert "\n" not in str(bad.value)


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ('host = "db"\nname = "shop"', "postgresql://db:5432/shop"),
        ('host = "db"\nname = "shop"\nuser = "me"\nport = 6000', "postgresql://me@db:6000/shop"),
        (
            'host = "::1"\nname = "shop"\nuser = "a@b"\npassword = "p:/?#[]@ %ü"',
            "postgresql://a%40b:p%3A%2F%3F%23%5B%5D%40%20%25%C3%BC@[::1]:5432/shop",
        ),
        ('host = "/run/pg"\nname = "shop"\nuser = "me"', "postgresql://me@/shop?host=%2Frun%2Fpg&port=5432"),
    ],
)
def test_a_database_in_parts(tmp_path: Path, parts: str, url: str) -> None:
    found = read(tmp_path, f"{APART}{BUS}[stores]\n{parts}")
    assert found.settings["database_url"] == url
    assert config.load({}, found.settings).database_url == url


PUBLISHED = {
    "DB_HOST": "db",
    "DB_PORT": "6000",
    "DB_NAME": "shop",
    "DB_USER": "me",
    "DB_PASSWORD": "p@ss",
    "RABBITMQ_URL": "amqps://u:p@rabbit/v",
    "API_GATEWAY_PORT": "3001",
    "ORDER_QUEUE": "o",
    "INVENTORY_QUEUE": "i",
    "PAYMENT_QUEUE": "p",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318/v1/traces",
}


def queues(now: config.Config) -> list[str]:
    return [now.apis[f"{name}_queue"] for name in ("order", "inventory", "payment")]


def rpc(**environment: str) -> Blueprint:
    return blueprint.load("rpc", folder=FOLDER, services=SERVICES, environment=environment)


def test_rpc_is_as_published() -> None:
    found = rpc()
    assert (found.front.name, found.bus) == ("gateway", "rabbitmq")
    assert [
        (process.name, process.services, tuple(process.apis), process.copies) for process in found.processes
    ] == [
        ("gateway", (), ("rpc",), 1),
        ("orders", ("orders",), ("rpc-queues",), 1),
        ("inventory", ("inventory",), ("rpc-queues",), 1),
        ("payments", ("payments",), ("rpc-queues",), 1),
    ]
    assert found.schemas == {
        "orders": "order_schema",
        "inventory": "inventory_schema",
        "payments": "payment_schema",
    }
    now = config.load({}, found.settings)
    assert now.database_url == "postgresql://postgres:postgres@localhost:5432/microservices_learn"
    assert (now.port, now.broker_url) == (3000, "amqp://guest:guest@localhost:5672")
    assert queues(now) == ["order_queue", "inventory_queue", "payment_queue"]
    assert now.otlp_endpoint == ""


def test_rpc_hears_the_published_variables() -> None:
    now = config.load({}, rpc(**PUBLISHED).settings)
    assert now.database_url == "postgresql://me:p%40ss@db:6000/shop"
    assert (now.port, now.broker_url) == (3001, "amqps://u:p@rabbit/v")
    assert queues(now) == ["o", "i", "p"]
    assert now.otlp_endpoint == "http://otel:4318/v1/traces"
    assert config.load({}, rpc(API_GATEWAY_PORT="0").settings).port == 0


def test_ours_count_more_than_the_published_ones() -> None:
    settings = rpc(**PUBLISHED).settings
    given = {
        "TRADEWIND_DATABASE_URL": "postgresql://other/one",
        "TRADEWIND_PORT": "1",
        "TRADEWIND_RETRY_DELAYS_MS": "7",
    }
    now = config.load(given, settings, ["port=2"])
    assert (now.database_url, now.port, now.retry_delays_ms) == ("postgresql://other/one", 2, (7,))
    shown = {row.name: row.value for row in config.explain({}, settings)}
    assert shown["TRADEWIND_DATABASE_URL"] == "postgresql://me:********@db:6000/shop"
    assert shown["TRADEWIND_BROKER_URL"] == "amqps://u:********@rabbit/v"
    assert shown["TRADEWIND_PAYMENT_TOKEN"] == "********"


def test_rpc_runs_copies() -> None:
    found = rpc(ORDERS_COPIES="3", ORDERS_OPS_PORT="0")
    assert (found.process("orders").copies, found.process("orders").ops_port) == (3, 0)


def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadBlueprint, match="no blueprint 'defualt'; did you mean 'default'"):
        blueprint.load("defualt", folder=FOLDER, services=SERVICES, environment={})
    (tmp_path / "mine.toml").write_bytes(b"\xff")
    with pytest.raises(BadBlueprint, match="mine: cannot be read"):
        blueprint.load("mine", folder=tmp_path, services=SERVICES, environment={})


def test_policies_are_read_with_their_variables(tmp_path: Path) -> None:
    text = '[processes.a]\nservices = ["orders"]\napis = { v1 = "http://" }\n[policies]\ninvoice = "${INVOICE:-none}"\n'
    assert read(tmp_path, text).policies == Policies(invoice="none")
    assert read(tmp_path, text, INVOICE="confirmed").policies == Policies()
    with pytest.raises(BadBlueprint, match=r"mine\.toml: policies: Invalid enum value 'later'.*invoice"):
        read(tmp_path, text, INVOICE="later")


def test_the_blueprints_have_the_policies_of_their_shops() -> None:
    def policies(name: str) -> Policies:
        return blueprint.load(name, folder=FOLDER, services=SERVICES, environment={}).policies

    assert policies("default") == policies("services") == Policies()
    assert policies("rpc") == Policies(
        pricing="client", payment="none", invoice="none", customers="any", products="any", access="open"
    )


@pytest.mark.parametrize("name", ["contracts", "invoicing"])
def test_where_the_edge_listens_is_where_no_other_process_does(name: str) -> None:
    for process, host in (("", "0.0.0.0"), ("edge", "0.0.0.0"), ("orders", None), ("invoices", None)):
        given = {"KONG_PROXY_LISTEN": "0.0.0.0:8100"}
        found = blueprint.load(name, folder=FOLDER, services=SERVICES, environment=given, process=process)
        assert (found.settings.get("host"), found.settings["port"]) == (host, "8100")
