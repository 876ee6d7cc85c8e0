"""`tradewind migrate` in the words of the blueprint `rpc`: run, revert, generate, roles and adopt, for one
service or for all it runs.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from tests.support.databases import Place
from tradewind.cli.app import app
from tradewind.runtime import schema
from tradewind.runtime.migrations import ServiceSchema

Run = Callable[..., Result]
NAMES = ("inventory", "orders", "payments")


@pytest.fixture
def migrate(postgres: Place) -> Run:
    """The command, on a database that the published variables name."""
    parts = urlsplit(postgres.url)
    env = {
        "DB_HOST": parts.hostname,
        "DB_PORT": str(parts.port),
        "DB_NAME": parts.path[1:],
        "DB_USER": parts.username or "",
    }

    def run(*words: str, **more: str) -> Result:
        return CliRunner().invoke(app, ["migrate", *words, "--blueprint", "rpc"], env={**env, **more})

    return run


def steps(name: str) -> list[str]:
    return [f"{name} {step}" for step in schema.schema(name).steps]


def refused(result: Result, says: str) -> None:
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        says in result.stderr and result.stderr.startswith("tradewind: ") and result.stderr.count("\n") == 1
    ), result.stderr


@pytest.mark.postgres
def test_run_takes_the_steps_of_the_services_that_the_blueprint_runs(migrate: Run, postgres: Place) -> None:
    assert migrate("run", "--service", "orders").stdout.splitlines() == steps("orders")
    assert migrate("run").stdout.splitlines() == [*steps("inventory"), *steps("payments")]
    assert migrate("run").stdout == migrate("up").stdout == "nothing to do: the schema is up to date\n"
    found = postgres.outside(
        "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname LIKE '%%schema' AND tablename = "
        "'log' ORDER BY 1"
    )
    assert found == [("inventory_schema",), ("order_schema",), ("payment_schema",)]
    states = json.loads(migrate("status", "--json").stdout)
    assert [(state["service"], state["pending"]) for state in states] == [(name, []) for name in NAMES]
    refused(
        migrate("run", "--service", "users"),
        "blueprint rpc runs no service 'users'; there is inventory, orders, payments",
    )


@pytest.mark.postgres
def test_revert_undoes_the_last_step_of_one_or_of_each(migrate: Run) -> None:
    migrate("run")
    assert migrate("revert", "--service", "orders").stdout.splitlines() == steps("orders")[-1:]
    assert migrate("revert", "--all").stdout.splitlines() == [
        steps("inventory")[-1],
        steps("orders")[-2],
        steps("payments")[-1],
    ]
    assert migrate("revert").stdout.splitlines()[-1] == steps("payments")[-2]
    refused(migrate("revert", "--all", "--service", "orders"), "contradict")
    for _ in range(9):
        last = migrate("revert").stdout
    assert last == "nothing to undo\n"


@pytest.mark.postgres
def test_a_database_that_is_not_there(migrate: Run) -> None:
    says = "there is no such database: make it with `createdb -h "
    for words in (["run"], ["revert"], ["status"], ["roles"], ["adopt"]):
        refused(migrate(*words, DB_NAME="no_such_place"), says)


@pytest.mark.postgres
def test_roles_are_shown_with_the_password_once(migrate: Run, postgres: Place) -> None:
    prefix = f"twc{os.getpid()}"
    migrate("run", "--service", "orders")
    refused(
        migrate("roles", "--prefix", prefix),
        "there is no schema inventory_schema yet: run `tradewind migrate run --service inventory` first",
    )
    words = "roles", "--service", "orders", "--prefix", prefix
    try:
        assert f"DB_USER={prefix}_orders" in migrate(*words).stdout
        assert "(unchanged)" in migrate(*words).stdout
        given = migrate(*words, DB_ROLE_PASSWORD="a-good-password")
        assert "(as given)" in given.stdout and "a-good-password" not in given.stdout
    finally:
        postgres.outside(f"DROP OWNED BY {prefix}_orders")
        postgres.outside(f"DROP ROLE {prefix}_orders")


@pytest.mark.postgres
def test_adopt_says_what_it_did_and_what_it_left(migrate: Run, postgres: Place) -> None:
    migrate("run")
    for line in (
        (Path(__file__).parents[1] / "support" / "nestjs.sql").read_text().replace("\n", " ").split(";")[:-1]
    ):
        postgres.outside(line)
    postgres.outside(
        "INSERT INTO inventory_schema.product (name, sku, stock) VALUES ('Tea', 'T', 1), ('Cup', 'C', 2)"
    )
    assert (
        "inventory_schema.product               2 of 2 new rows would be adopted"
        in migrate("adopt", "--dry-run").stdout
    )
    assert "2 of 2 new rows adopted" in migrate("adopt", "--service", "inventory").stdout
    postgres.outside("INSERT INTO inventory_schema.product (name, sku, stock) VALUES ('Bad', 'B', -1)")
    left = migrate("adopt")
    assert left.exit_code == 1 and "0 of 1 new rows" in left.stdout
    assert (
        left.stderr.splitlines()[0].endswith("0 are reserved of -1")
        and "1 rows were left" in left.stderr.splitlines()[1]
    )


def test_generate_writes_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = ServiceSchema(schema.schema("orders").md, tmp_path)
    monkeypatch.setattr(schema, "schemas", lambda *_: [fresh])
    for word, says in (
        ("generate", "0001_first_tables.py"),
        ("new", "nothing to write: the steps lead to the models"),
    ):
        done = CliRunner().invoke(
            app, ["migrate", word, "--blueprint", "rpc", "--service", "orders", "First tables"]
        )
        assert (done.exit_code, says in done.stdout) == (0, True), done.output


def test_on_a_file_the_same_commands_take_and_undo_steps(tmp_path: Path) -> None:
    def migrate(*words: str) -> Result:
        return CliRunner().invoke(app, ["migrate", *words, "--data", str(tmp_path), "--service", "users"])

    assert migrate("run").stdout.splitlines() == steps("users")
    assert migrate("revert").stdout.splitlines() == steps("users")[-1:]
    assert migrate("up").stdout.splitlines() == steps("users")[-1:]
    alone = CliRunner().invoke(app, ["migrate", "roles", "--blueprint", "default"])
    refused(alone, "roles are for a server")
