"""Schema steps: up, down, up again; killed, broken, at once, from a newer version; and fast where there is
nothing to do.
"""

import ast
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.drivers.store.tables import PROBE, THINGS, row
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.databases import Place
from tradewind.core.store import StoreUnusable
from tradewind.engine.tables import framework_tables
from tradewind.runtime import drafts, migrations
from tradewind.runtime.data_lock import DataLock
from tradewind.runtime.migrations import ServiceSchema, State

ENGINE, FIRST = ["engine_0001_messages", "engine_0002_counters"], "0001_first"
UP = [f"probe {step}" for step in (*ENGINE, FIRST)]
RUN = """
import sys
from pathlib import Path
from importlib import import_module
from tradewind.core import failpoints
from tradewind.runtime import migrations
module, _, schema = sys.argv[4].partition(":")
failpoints.arm(sys.argv[3])
print(migrations.up(sys.argv[1], Path(sys.argv[2]), [getattr(import_module(module), schema)]))
print("alembic" in sys.modules)
"""


def start(
    place: Place, *, fail: str = "", schema: str = "tests.drivers.store.tables:PROBE"
) -> "subprocess.Popen[str]":
    """A process of its own that takes the steps of the probe."""
    command = [sys.executable, "-c", RUN, place.url, str(place.data), fail, schema]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def steps(folder: Path, **scripts: str) -> ServiceSchema:
    """A folder of steps, each given by the body of its `up`."""
    for name, body in scripts.items():
        (folder / f"{name.removeprefix('s')}.py").write_text(
            f"import sqlalchemy as sa\n\n\ndef up(op):\n    {body}\n\n\ndef down(op):\n    pass\n"
        )
    return ServiceSchema(PROBE.md, folder)


def things(place: Place) -> str:
    return place.database.sql.name(THINGS.rows)


def test_up_down_up(place: Place) -> None:
    where = place.url, place.data
    assert migrations.status(*where, [PROBE]) == [State("probe", [], [*ENGINE, FIRST], [])]
    assert migrations.up(*where, [PROBE]) == UP
    assert migrations.up(*where, [PROBE]) == []
    assert migrations.status(*where, [PROBE]) == [State("probe", [*ENGINE, FIRST], [], [])]
    assert place.database.work(lambda connection: drafts.difference(connection, PROBE)) == []
    assert migrations.down(*where, PROBE, 0) == UP[::-1]
    assert migrations.down(*where, PROBE, 0) == []
    assert migrations.status(*where, [PROBE]) == [State("probe", [], [*ENGINE, FIRST], [])]
    assert place.database.work(lambda connection: drafts.difference(connection, PROBE))
    assert migrations.up(*where, [PROBE]) == UP


def test_nothing_to_do_is_fast_and_needs_no_alembic(place: Place) -> None:
    place.fill(PROBE)
    took = []
    for _ in range(5):
        started = time.process_time()  # our own work: the machine may be busy with other things
        place.fill(PROBE)
        took.append(time.process_time() - started)
    assert min(took) < 0.03
    process = start(place)
    assert process.communicate()[0] == "[]\nFalse\n"


def test_a_newer_version_was_here(place: Place) -> None:
    place.fill(PROBE)
    notes = things(place).replace("things", "schema_steps")
    place.outside(f"INSERT INTO {notes} VALUES ('0002_from_tomorrow')")
    assert migrations.status(place.url, place.data, [PROBE]) == [
        State("probe", [*ENGINE, FIRST, "0002_from_tomorrow"], [], ["0002_from_tomorrow"])
    ]
    says = (
        r"is from a newer version of Tradewind \(step probe 0002_from_tomorrow unknown\): run that "
        r"version, or restore a backup"
    )
    with pytest.raises(StoreUnusable, match=says):
        migrations.up(place.url, place.data, [PROBE])
    with pytest.raises(StoreUnusable, match=says):
        migrations.down(place.url, place.data, PROBE, 0)


def test_killed_in_the_middle_and_run_again(place: Place) -> None:
    process = start(place, fail="migrate.before-commit:1:kill")
    process.communicate()
    assert process.returncode == -9
    assert migrations.status(place.url, place.data, [PROBE]) == [State("probe", [], [*ENGINE, FIRST], [])]
    # a step that the killed one has begun is none of ours
    assert migrations.up(place.url, place.data, [PROBE]) == UP[place.kind == "mysql" :]
    assert place.database.work(lambda connection: drafts.difference(connection, PROBE)) == []


@pytest.mark.mysql
@pytest.mark.parametrize("statement", [2, 13, 15, 16, 20])
def test_killed_between_two_statements_where_each_is_a_commit(mysql: Place, statement: int) -> None:
    """The statement was carried out, and it is not known that it was."""
    process = start(mysql, fail=f"migrate.before-commit:{statement}:kill")
    process.communicate()
    assert process.returncode == -9
    mysql.fill(PROBE)
    assert migrations.status(mysql.url, mysql.data, [PROBE])[0].pending == []
    assert mysql.database.work(lambda connection: drafts.difference(connection, PROBE)) == []


def test_several_at_once_take_each_step_once(place: Place) -> None:
    processes = [start(place) for _ in range(3)]
    said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    taken = [step for out, _ in said for step in ast.literal_eval(out.splitlines()[0])]
    assert sorted(taken) == sorted(UP)


async def test_from_within_a_loop(place: Place) -> None:
    place.fill(PROBE)
    store = place.store()
    await store.open()
    await put(store, row("a"))
    assert migrations.up(place.url, place.data, [PROBE]) == []
    assert await amounts(store) == {"a": 1}
    await store.close()


async def test_no_step_is_taken_under_a_running_tradewind(place: Place) -> None:
    store = place.store()
    with DataLock(place.data):
        await store.open()
        process = start(place)
        assert (
            "is in use by process" in (said := (await asyncio.to_thread(process.communicate))[1])
            or "another tradewind is running" in said
        )
        await store.close()
        if not place.url:
            place.fill(PROBE)  # who holds the folder may
    place.fill(PROBE)
    assert migrations.down(place.url, place.data, PROBE, 0) == UP[::-1]


def test_a_step_that_fails_leaves_nothing_and_the_ones_before_it(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    folder.mkdir()
    broken = steps(
        folder,
        s0001_good='op.create_table("good", sa.Column("id", sa.Text(), primary_key=True))',
        s0002_bad='op.create_table("half", sa.Column("id", sa.Text())); op.execute("INSERT INTO nowhere '
        'VALUES (1)")',
    )
    left = "the next run goes on there" if place.kind == "mysql" else "nothing of it was kept"
    with pytest.raises(StoreUnusable, match=rf"step probe 0002_bad failed, and {left}: .*nowhere") as refused:
        migrations.up(place.url, place.data, [broken])
    assert "\n" not in str(refused.value)
    assert migrations.status(place.url, place.data, [broken]) == [
        State("probe", [*ENGINE, "0001_good"], ["0002_bad"], [])
    ]
    if place.kind == "mysql":
        with pytest.raises(StoreUnusable, match="nowhere"):  # where it was, and not as if it had been done
            migrations.up(place.url, place.data, [broken])
        place.outside("CREATE TABLE nowhere (id INT)")
        assert migrations.up(place.url, place.data, [broken]) == []
        assert place.outside("SELECT id FROM nowhere") == [(1,)]
        assert migrations.status(place.url, place.data, [broken])[0].pending == []
        return
    (folder / "0002_bad.py").unlink()
    steps(folder, s0002_better='op.create_table("half", sa.Column("id", sa.Text()))')
    assert migrations.up(place.url, place.data, [broken]) == ["probe 0002_better"]


@pytest.mark.parametrize(
    "names",
    [
        ["s0002_second"],
        ["s0001_a", "s0001_b"],
        ["s0001_a", "s0002_b", "s0004_d"],
        ["s0001_Large"],
        ["sfirst"],
    ],
)
def test_steps_are_numbered_without_a_gap(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ValueError, match="without a gap"):
        migrations.listed(steps(tmp_path, **dict.fromkeys(names, "pass")).folder)


@pytest.mark.postgres
def test_texts_are_compared_by_byte_whatever_the_locale_of_the_database(postgres: Place) -> None:
    postgres.fill(PROBE)
    plain = (
        "SELECT attname FROM pg_attribute JOIN pg_collation c ON c.oid = attcollation WHERE attrelid "
        "= 'probe.things'::regclass"
    )
    assert {name for (name,) in postgres.outside(f"{plain} AND collname = 'C'")} == {
        "id",
        "title",
        "marks",
        "note",
    }
    assert framework_tables("probe").log.schema == "probe"
