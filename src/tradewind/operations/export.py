"""Hands our rows back to the system whose tables an API has published: the way back of `adopt`.

The rows are those of the published view, so both say the same. A table that is there is brought up to date,
row by row; where our view has its name, the table takes its place. It may run again as long as our services
run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from ..core.published import PublishedTable
from ..core.store import StoreUnusable
from ..runtime import published
from ..runtime.databases import Database, note_of
from ..runtime.registry import published as published_by
from .adopt import beside_published, in_zone
from .foreign_tables import TABLE, VIEW, words


class Exported(msgspec.Struct, frozen=True):
    """What came of one published table: `written` rows are new there, or other than they were. `made`: it was
    not there.
    """

    service: str
    table: str
    written: int
    made: bool


def export(
    url: str,
    services: Sequence[str],
    schemas: Mapping[str, str],
    *,
    apis: Iterable[str],
    zone: str = "",
    dry_run: bool = False,
) -> list[Exported]:
    """Writes the rows of all published tables of these services: all or none, but on MySQL, where a change of
    the schema is a commit, and a second run ends the first. `zone` is that of times which show none; empty:
    UTC. `dry_run` says what it would do. Errors: StoreUnusable.
    """
    tables = [one for one in published_by(apis) if one.create and one.service in services]

    def work(place: Database, connection: sa.Connection) -> list[Exported]:
        in_zone(place, connection, zone, any([one.local_times for one in tables]))
        with connection.begin():
            place.alone(connection)
            return [_one(place, connection, table, dry_run) for table in tables]

    return beside_published(url, services, schemas, work, "nothing was written")


def _one(place: Database, connection: sa.Connection, table: PublishedTable, dry_run: bool) -> Exported:
    there = words(place.sql, connection)
    name = place.sql.view_name(table.name, table.schema, table.service)
    kind = there.kind(name)
    made = kind != TABLE
    select = table.select if table.handed_back is None else table.handed_back
    columns = [column.name for column in select.selected_columns]
    quoted = [place.sql.quoted(column) for column in columns]
    ours = f"({place.sql.view(select)}) AS ours"
    if made and dry_run:
        ((rows,),) = there.ask(f"SELECT count(*) FROM {ours}")
        return Exported(table.service, name, rows, made)
    if kind == VIEW:
        _take_away(place, connection, table)
    if made:
        there.ask(f"CREATE TABLE {name} ({table.create})")
    types = there.types(name)
    if lacks := [column for column in columns if column not in types]:
        raise StoreUnusable(f"{name} is not the published table: it has no column {', '.join(lacks)}")
    given = {q: there.typed(f"ours.{q}", types[c]) for q, c in zip(quoted, columns, strict=True)}
    differs = " OR ".join([there.differs(f"there.{q}", given[q]) for q in quoted])
    same = f"there.{quoted[0]} = {given[quoted[0]]}"
    joined = f"{ours} LEFT JOIN {name} AS there ON {same}"
    ((other,),) = there.ask(f"SELECT count(*) FROM {joined} WHERE {differs}")
    if other and not dry_run:
        there.merge(name, quoted, f"SELECT {', '.join(given.values())} FROM {ours}")
    return Exported(table.service, name, other, made)


def _take_away(place: Database, connection: sa.Connection, table: PublishedTable) -> None:
    """Our view leaves its name to the table. Errors: StoreUnusable, where it is not ours."""
    note = note_of(place, table.service)
    notes = [step for (step,) in connection.exec_driver_sql(f"SELECT step FROM {note}")]
    ours = [
        part
        for part in published.noted(notes)
        if part.kind == published.VIEW
        and part.name == table.name
        and part.place in (table.schema, published.OWN)
    ]
    if not ours:
        raise StoreUnusable(f"{table.name} is a view of somebody else: rename it first")
    place.change(connection, table.service, published.changes(place, table.service, ours, []))
