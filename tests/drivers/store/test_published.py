"""What an API publishes of a service's tables: made after the steps, dropped with the API, never in the way of a
step, read by an index, and never written through.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.drivers.store.tables import PROBE
from tests.drivers.store.test_migrations import ENGINE, FIRST, UP, start, steps
from tests.support.databases import Place
from tradewind.core.published import Computed, PublishedTable, moment, table_of
from tradewind.core.store import StoreUnusable
from tradewind.runtime import migrations
from tradewind.runtime.migrations import ServiceSchema, State

THINGS = table_of("probe", "things", "id", "title", "amount", "held")
DAY = Computed("published_day", moment(THINGS.c.amount))
VIEW = PublishedTable(
    service="probe",
    name="Thing",
    schema="public",
    select=sa.select(
        THINGS.c.amount.label("number"),
        THINGS.c.title,
        DAY.label("createdAt"),
        sa.case((THINGS.c.held == 0, "free"), else_="it's held").label("state"),
    ),
    computed=(DAY,),
    indexes={"probe_published_title": (THINGS.c.title, DAY)},
)
PUBLISHED = replace(PROBE, publishes=(VIEW,))
MADE = ["index probe_published_title", "view public.Thing"]
AT = 1_772_024_247_664


def made(place: Place) -> list[str]:
    """With what SQLite and MySQL need for the index."""
    return MADE if place.kind == "postgres" else ["column published_day", *MADE]


def name(place: Place) -> str:
    return {"postgres": 'public."Thing"', "mysql": "`Thing`", "sqlite": '"Thing"'}[place.kind]


def query(place: Place, text: str) -> str:
    """In the quotes of this database."""
    return text.replace('"', "`") if place.kind == "mysql" else text


def cleared(place: Place) -> None:
    """A schema of all services is not cleared with theirs."""
    if place.kind == "postgres":
        place.outside('DROP VIEW IF EXISTS public."Thing"')
        place.outside('DROP TABLE IF EXISTS public."Thing"')


def up(place: Place, kept: ServiceSchema = PUBLISHED) -> list[str]:
    return migrations.up(place.url, place.data, [kept])


@pytest.fixture
def probe(place: Place) -> Place:
    """Two things, published."""
    cleared(place)
    assert up(place) == [*UP, *(f"probe +{part}" for part in made(place))]
    columns = "(id, title, amount, held, marks, note)"
    for key, held in (("a", 0), ("b", 1)):
        place.outside(
            f"INSERT INTO {place.named('probe', 'things')} {columns} VALUES ('{key}', 't{key}', {AT + held}, {held}, '[]', NULL)"
        )
    return place


def test_it_shows_our_rows_under_the_published_names(probe: Place) -> None:
    rows = probe.outside(f"SELECT * FROM {name(probe)} ORDER BY number")
    assert [(number, title, state) for number, title, _, state in rows] == [
        (AT, "ta", "free"),
        (AT + 1, "tb", "it's held"),
    ]
    at = probe.outside(query(probe, f'SELECT "createdAt" FROM {name(probe)} WHERE number = {AT}'))[0][0]
    assert str(at).startswith("2026-02-25 12:57:27.664")
    assert up(probe) == []
    assert migrations.status(probe.url, probe.data, [PUBLISHED]) == [
        State("probe", [*ENGINE, FIRST], [], [], made(probe), [])
    ]


@pytest.mark.parametrize("where", ["number = 5", "title = 't5' ORDER BY \"createdAt\" DESC LIMIT 10"])
def test_its_queries_use_an_index_and_no_sort(probe: Place, where: str) -> None:
    asked = query(probe, f"SELECT * FROM {name(probe)} WHERE {where}")
    if probe.kind == "postgres":
        plan = planned(probe, GENERATED, asked)
        assert "Index Scan" in plan and "Seq Scan" not in plan and "Sort" not in plan, plan
    elif probe.kind == "mysql":
        plan = planned(probe, SEQUENCE, asked)
        assert "probe_" in plan and "'ALL'" not in plan and "filesort" not in plan, plan
    else:
        plan = str(probe.outside(f"EXPLAIN QUERY PLAN {asked}"))
        assert "USING INDEX probe_" in plan and "TEMP B-TREE" not in plan, plan


GENERATED = (
    "INSERT INTO probe.things SELECT 'x' || n, 't' || n, n, 0, '[]', NULL FROM generate_series(1, 5000) n",
    "ANALYZE probe.things",
)
SEQUENCE = (
    "INSERT INTO tw_probe_things (id, title, amount, held, marks) SELECT concat('x', seq), concat('t', seq), seq, "
    "0, '[]' FROM seq_1_to_5000",
    "ANALYZE TABLE tw_probe_things",
)


def planned(place: Place, before: tuple[str, ...], query: str) -> str:
    """The plan of a table that is large enough for an index."""

    def ask(connection: sa.Connection) -> str:
        with connection.begin():
            for text in before:
                connection.exec_driver_sql(text).close()
            return "\n".join(str(line) for (*line,) in connection.exec_driver_sql(f"EXPLAIN {query}"))

    return place.database.work(ask)


@pytest.mark.parametrize(
    "write",
    ["UPDATE {} SET title = 'mine'", "DELETE FROM {}", "INSERT INTO {} (number, title) VALUES (1, 'mine')"],
)
def test_nobody_writes_through_it(probe: Place, write: str) -> None:
    with pytest.raises((sa.exc.SQLAlchemyError, StoreUnusable)) as refused:
        probe.outside(write.format(name(probe)))
    assert "view" in str(refused.value) or "The target table Thing" in str(refused.value)


def test_a_view_that_says_something_else_is_made_anew(probe: Place) -> None:
    other = replace(VIEW, select=sa.select(THINGS.c.id))
    assert up(probe, replace(PROBE, publishes=(other,))) == ["probe +view public.Thing"]
    assert probe.outside(f"SELECT * FROM {name(probe)} ORDER BY 1") == [("a",), ("b",)]


def test_without_its_api_nothing_of_it_is_left(probe: Place) -> None:
    assert migrations.status(probe.url, probe.data, [PROBE])[0].unpublished == made(probe)[::-1]
    assert up(probe, PROBE) == [f"probe -{part}" for part in made(probe)[::-1]]
    assert up(probe, PROBE) == []
    with pytest.raises((sa.exc.SQLAlchemyError, StoreUnusable)):
        probe.outside(f"SELECT * FROM {name(probe)}")
    assert up(probe) == [f"probe +{part}" for part in made(probe)]


def test_a_step_of_the_service_meets_no_view(probe: Place, tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    folder.mkdir()
    later = steps(
        folder,
        s0001_first="pass",
        s0002_wider='batch = op.batch_alter_table("things"); '
        'b = batch.__enter__(); b.alter_column("amount", existing_type=sa.BigInteger(), type_=sa.Numeric(20)); batch.__exit__(None, None, None)',
    )
    assert up(probe, replace(later, publishes=(VIEW,)))[0] == "probe 0002_wider"
    assert len(probe.outside(f"SELECT * FROM {name(probe)}")) == 2


def test_undoing_steps_takes_it_away_first(probe: Place) -> None:
    assert migrations.down(probe.url, probe.data, PUBLISHED, 0) == UP[::-1]
    assert up(probe) == [*UP, *(f"probe +{part}" for part in made(probe))]


def test_a_start_does_not_wait_for_it(probe: Place) -> None:
    up(probe, PROBE)
    assert migrations.schema_state(probe.url, [PUBLISHED], data=probe.data) == ""


def test_a_table_of_another_system_keeps_its_name(probe: Place, caplog: pytest.LogCaptureFixture) -> None:
    up(probe, PROBE)
    probe.outside(f"CREATE TABLE {name(probe)} (id text)")
    with caplog.at_level(logging.WARNING):
        assert up(probe)[-1] == "probe +index probe_published_title"
    assert "view public.Thing is not made, as a table of another system has that name" in caplog.text
    assert probe.outside(f"SELECT count(*) FROM {name(probe)}") == [(0,)]
    assert migrations.status(probe.url, probe.data, [PUBLISHED])[0].unpublished == ["view public.Thing"]
    probe.outside(f"ALTER TABLE {name(probe)} RENAME TO was_there")
    assert up(probe) == ["probe +view public.Thing"]
    probe.outside(f"DROP TABLE {'public.' if probe.kind == 'postgres' else ''}was_there")


def test_a_kill_leaves_all_of_it_or_nothing(place: Place) -> None:
    cleared(place)
    place.fill(PROBE)
    program = start(
        place, fail="migrate.before-commit:1:kill", schema="tests.drivers.store.test_published:PUBLISHED"
    )
    program.communicate()
    assert program.returncode == -9
    assert migrations.status(place.url, place.data, [PUBLISHED])[0].published == []
    up(place)
    assert migrations.status(place.url, place.data, [PUBLISHED])[0].published == made(place)


@pytest.mark.mysql
@pytest.mark.parametrize("statement", [1, 2, 5, 6])
def test_a_kill_between_two_statements_is_gone_on_from(mysql: Place, statement: int) -> None:
    mysql.fill(PROBE)
    schema = "tests.drivers.store.test_published:PUBLISHED"
    program = start(mysql, fail=f"migrate.before-commit:{statement}:kill", schema=schema)
    program.communicate()
    assert program.returncode == -9
    up(mysql)
    assert migrations.status(mysql.url, mysql.data, [PUBLISHED])[0].published == made(mysql)
    assert mysql.outside("SELECT * FROM `Thing`") == []


def test_the_statements_of_pending_steps_are_shown_and_nothing_is_changed(place: Place) -> None:
    cleared(place)
    said = migrations.sql(place.url, place.data, [PUBLISHED])
    text = "\n".join(said)
    for part in ("CREATE TABLE", "CREATE INDEX probe_published_title", "CREATE VIEW", "INSERT INTO"):
        assert part in text
    assert not [line for line in said if line.startswith("SELECT")]
    assert migrations.status(place.url, place.data, [PUBLISHED])[0].taken == []
    assert up(place) == [*UP, *(f"probe +{part}" for part in made(place))]
    assert migrations.sql(place.url, place.data, [PUBLISHED]) == []
