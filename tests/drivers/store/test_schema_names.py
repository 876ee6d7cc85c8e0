"""A service's schema may have another name than the service: steps, their list and their undoing follow it,
and nothing else is touched.
"""

import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.drivers.store.tables import PROBE, THINGS, row
from tests.drivers.store.test_migrations import ENGINE, FIRST, UP, start
from tests.support.databases import Place
from tradewind.core.store import StoreUnusable
from tradewind.engine.tables import framework_tables
from tradewind.runtime import drafts, migrations
from tradewind.runtime.databases import createdb, database
from tradewind.runtime.migrations import State
from tradewind.runtime.stores import open_store

SCHEMAS = {"probe": "probe_schema"}
INSIDE = "SELECT tablename FROM pg_tables WHERE schemaname = 'probe_schema'"
NAMES = (
    "SELECT relname FROM pg_class WHERE relnamespace = '{}'::regnamespace AND relkind = 'i' UNION "
    "SELECT conname FROM pg_constraint WHERE connamespace = '{}'::regnamespace"
)


def test_the_file_knows_no_schemas(sqlite: Place) -> None:
    assert migrations.up(sqlite.url, sqlite.data, [PROBE], SCHEMAS) == UP
    assert migrations.status(sqlite.url, sqlite.data, [PROBE]) == [State("probe", [*ENGINE, FIRST], [], [])]
    assert sqlite.outside("SELECT * FROM probe_things") == []


@pytest.mark.postgres
def test_steps_run_in_the_schema_of_that_name(postgres: Place) -> None:
    where = postgres.url, postgres.data
    assert migrations.up(*where, [PROBE], SCHEMAS) == UP
    assert migrations.up(*where, [PROBE], SCHEMAS) == []
    assert migrations.status(*where, [PROBE], SCHEMAS) == [State("probe", [*ENGINE, FIRST], [], [])]
    assert migrations.status(*where, [PROBE]) == [State("probe", [], [*ENGINE, FIRST], [])]
    ours = (*PROBE.md.tables.values(), *framework_tables("probe").md.tables.values())
    assert {name for (name,) in postgres.outside(INSIDE)} == {table.name for table in ours} | {"schema_steps"}
    assert postgres.outside("SELECT 1 FROM pg_namespace WHERE nspname = 'probe'") == []
    assert (
        postgres.database.work(lambda connection: drafts.difference(connection, PROBE, "probe_schema")) == []
    )
    mapped = set(postgres.outside(NAMES.format("probe_schema", "probe_schema")))
    assert migrations.revert(*where, [PROBE], SCHEMAS) == [f"probe {FIRST}"]
    for step in reversed(ENGINE):
        assert migrations.revert(*where, [PROBE], SCHEMAS) == [f"probe {step}"]
    assert migrations.revert(*where, [PROBE], SCHEMAS) == []
    assert postgres.outside(INSIDE) == [("schema_steps",)]
    postgres.fill(PROBE)
    assert set(postgres.outside(NAMES.format("probe", "probe"))) == mapped


@pytest.mark.postgres
async def test_the_store_finds_what_the_steps_made(postgres: Place) -> None:
    migrations.up(postgres.url, postgres.data, [PROBE], SCHEMAS)
    store = open_store(postgres.url, postgres.data, exclusive=False, schemas=SCHEMAS)
    await store.open()
    transaction = await store.begin()
    await transaction.insert(THINGS.rows, [row("a", 7)])
    await transaction.commit()
    await store.close()
    assert postgres.outside("SELECT id, amount FROM probe_schema.things") == [("a", 7)]


@pytest.mark.postgres
async def test_others_may_run_while_a_step_is_taken_and_not_while_one_is_undone(
    postgres: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.drivers.postgres.sessions.LEFT_OVER_S", 0.3)
    where = postgres.url, postgres.data
    running = open_store(postgres.url, postgres.data, exclusive=False, schemas=SCHEMAS)
    await running.open()
    assert migrations.up(*where, [PROBE], SCHEMAS) == UP
    with pytest.raises(StoreUnusable, match="another tradewind is running on this database: stop it"):
        migrations.revert(*where, [PROBE], SCHEMAS)
    assert migrations.status(*where, [PROBE], SCHEMAS)[0].taken == [*ENGINE, FIRST]
    await running.close()
    assert migrations.revert(*where, [PROBE], SCHEMAS) == [f"probe {FIRST}"]


def said(*processes: "subprocess.Popen[str]") -> list[str]:
    return sorted(process.communicate()[0].splitlines()[0] for process in processes)


@pytest.mark.postgres
def test_two_runs_at_once_are_one_after_the_other(postgres: Place) -> None:
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    waiting = (
        f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = {here}"
    )

    def first(connection: sa.Connection) -> "list[subprocess.Popen[str]]":
        with connection.begin():
            postgres.database.alone(connection)
            others, until = [start(postgres), start(postgres)], time.monotonic() + 20
            while connection.exec_driver_sql(waiting).scalar() != 2:
                assert time.monotonic() < until and all(other.poll() is None for other in others), (
                    "they did not wait for their turn"
                )
                time.sleep(0.02)
            return others

    assert said(*postgres.database.work(first)) == [
        "['probe engine_0001_messages', 'probe engine_0002_counters', 'probe 0001_first']",
        "[]",
    ]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("schemas", "says"),
    [
        ({"a": "x; DROP"}, "small letters"),
        ({"a": "Orders"}, "small letters"),
        ({"a": "one", "b": "one"}, "two services cannot share"),
    ],
)
def test_names_that_cannot_be(postgres: Place, schemas: dict[str, str], says: str) -> None:
    with pytest.raises(StoreUnusable, match=says):
        database(postgres.url, Path(), schemas)


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_told_with_the_command_that_makes_it(postgres: Place) -> None:
    with pytest.raises(
        StoreUnusable,
        match=r"there is no such database: make it with `createdb -h \S+ -p \d+ -U \w+ no_such_place`",
    ) as told:
        migrations.up(postgres.url.rpartition("/")[0] + "/no_such_place", postgres.data, [PROBE])
    assert "\n" not in str(told.value)


def test_createdb() -> None:
    assert (
        createdb("postgresql://ada:pass%20word@db.example:5433/my%20shop")
        == "createdb -h db.example -p 5433 -U ada 'my shop'"
    )
    assert createdb("postgresql:///shop") == "createdb shop"
    assert (
        createdb("postgresql://ada@/shop?host=%2Frun%2Fpg&port=5433")
        == "createdb -h /run/pg -p 5433 -U ada shop"
    )


@pytest.mark.postgres
def test_the_state_of_a_schema_in_one_line(postgres: Place, tmp_path: Path) -> None:
    def state() -> str:
        return migrations.schema_state(
            postgres.url, [PROBE], SCHEMAS, command="tradewind migrate run --blueprint rpc"
        )

    way = "run `tradewind migrate run --blueprint rpc --service probe`"
    assert state().endswith(f"probe_schema is not migrated (missing: {', '.join([*ENGINE, FIRST])}): {way}")
    migrations.up(postgres.url, postgres.data, [PROBE], SCHEMAS)
    assert state() == ""
    postgres.outside("INSERT INTO probe_schema.schema_steps VALUES ('0002_tomorrow'), ('0003_later')")
    assert (
        "whose steps 0002_tomorrow, 0003_later are not known to this one: start that version, or undo "
        "them with it" in state()
    )
    postgres.outside("DELETE FROM probe_schema.schema_steps WHERE step IN ('0002_tomorrow', '0003_later')")
    folder = tmp_path / "steps"
    folder.mkdir()
    for step in ("0001_first", "0002_second"):
        (folder / f"{step}.py").write_text("")
    half = migrations.schema_state(postgres.url, [migrations.ServiceSchema(PROBE.md, folder)], SCHEMAS)
    assert half.endswith(
        "probe_schema is only half migrated (missing: 0002_second): run `tradewind migrate run --service "
        "probe`"
    )
    assert "\n" not in half
