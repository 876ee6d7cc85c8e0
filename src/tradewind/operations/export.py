"""Hands our rows back to the system whose tables an API has published: the way back of `adopt`.

The rows are those of the published view, so both say the same. A table that is there is brought up to date,
row by row; where our view has its name, the table takes its place. It may run again as long as our services
run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from ..core.published import PublishedTable
from ..core.store import StoreUnusable
from ..runtime import published
from ..runtime.databases import Database, note_of
from ..runtime.registry import published as published_by
from .adopt import beside_published

COLUMNS = """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"""
KIND = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{table}')"


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
    dry_run: bool = False,
) -> list[Exported]:
    """Writes the rows of all published tables of these services, all or none. `dry_run` says what it would
    have done. Errors: StoreUnusable.
    """
    tables = [one for one in published_by(apis) if one.create and one.service in services]

    def work(place: Database, connection: sa.Connection) -> list[Exported]:
        with connection.begin() as transaction:
            place.alone(connection)
            found = [_one(place, connection, table) for table in tables]
            if dry_run:
                transaction.rollback()
        return found

    return beside_published(url, services, schemas, work, "nothing was written")


def _one(place: Database, connection: sa.Connection, table: PublishedTable) -> Exported:
    def ask(text: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(text)]

    name = place.sql.view_name(table.name, table.schema, table.service)
    kinds = [kind for (kind,) in ask(KIND.format(table=name))]
    if kinds == ["v"]:
        _take_away(place, connection, table)
    made = kinds not in (["r"], ["p"])
    if made:
        connection.exec_driver_sql(f"CREATE TABLE {name} ({table.create})")
    select = table.select if table.handed_back is None else table.handed_back
    columns = [column.name for column in select.selected_columns]
    types = dict(ask(COLUMNS.format(table=name)))
    if lacks := [column for column in columns if column not in types]:
        raise StoreUnusable(f"{name} is not the published table: it has no column {', '.join(lacks)}")
    quoted = [place.sql.quoted(column) for column in columns]
    given = ", ".join(f"ours.{q}::{types[c]}" for q, c in zip(quoted, columns, strict=True))
    sets = ", ".join(f"{q} = excluded.{q}" for q in quoted[1:])
    differs = " OR ".join(f"there.{q} IS DISTINCT FROM excluded.{q}" for q in quoted[1:])
    done = connection.exec_driver_sql(
        f"INSERT INTO {name} AS there ({', '.join(quoted)}) SELECT {given} "
        f"FROM ({place.sql.view(select)}) AS ours "
        f"ON CONFLICT ({quoted[0]}) DO UPDATE SET {sets} WHERE {differs}"
    )
    return Exported(table.service, name, done.rowcount, made)


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
