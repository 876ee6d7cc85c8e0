"""Brings the published tables of a service to what the APIs of the blueprint say: makes the views, indexes
and computed columns that are missing, and drops those that are no longer wanted.

Each is noted among the schema steps of its service, with a digest of its text, so that a changed one is made
anew. They hold no rows, so they are dropped before a step of the service is taken, and made again after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from ..core.published import Computed, PublishedTable
from .databases import Database, note_of

MARK = "published "
"""How the note of a published part begins. No schema step is called so."""
VIEW, INDEX, COLUMN = "view", "index", "column"
ORDER = (COLUMN, INDEX, VIEW)
OWN = "-"


class Part(NamedTuple):
    """A view, an index or a computed column. `place`: of a view its schema (`-`: that of the service), else
    the table of the service; `digest`: of `text`, what makes it, which is empty where only the note is known.
    """

    kind: str
    place: str
    name: str
    digest: str
    text: str = ""

    @property
    def note(self) -> str:
        return f"{MARK}{self.kind} {self.place} {self.name} {self.digest}"

    def __str__(self) -> str:
        where = "" if self.place == OWN else f"{self.place}."
        return f"{self.kind} {where if self.kind == VIEW else ''}{self.name}"


class Difference(NamedTuple):
    """What is there and as wanted, what is there and is not wanted, and what is missing."""

    kept: list[Part]
    stale: list[Part]
    missing: list[Part]


def noted(notes: Iterable[str]) -> list[Part]:
    """The parts among the notes of a service."""
    return [Part(*note.removeprefix(MARK).split(" ")) for note in notes if note.startswith(MARK)]


def difference(tables: Sequence[PublishedTable], notes: Iterable[str], place: Database) -> Difference:
    there = {part.note: part for part in noted(notes)}
    wanted = {part.note: part for table in tables if table.view for part in _parts(table, place)}
    return Difference(
        [part for note, part in wanted.items() if note in there],
        _sorted(part for note, part in there.items() if note not in wanted)[::-1],
        _sorted(part for note, part in wanted.items() if note not in there),
    )


def changes(place: Database, service: str, stale: Sequence[Part], missing: Sequence[Part]) -> list[str]:
    """The statements that drop parts and make others, each with its note."""
    note, found = note_of(place, service), []
    for part in stale:
        found += [_drop(part, place, service), f"DELETE FROM {note} WHERE step = '{part.note}'"]
    for part in missing:
        found += [part.text, f"INSERT INTO {note} (step) VALUES ('{part.note}')"]
    return found


def taken(connection: sa.Connection, place: Database, service: str, parts: Difference) -> list[Part]:
    """The views that cannot be made, since a table of another system has the name."""
    gone = {(part.place, part.name) for part in parts.stale if part.kind == VIEW}
    views = [part for part in parts.missing if part.kind == VIEW and (part.place, part.name) not in gone]
    return [part for part in views if _taken(connection, place, service, part)]


def _sorted(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (ORDER.index(part.kind), part.place, part.name))


def _taken(connection: sa.Connection, place: Database, service: str, part: Part) -> bool:
    on_server = connection.dialect.name == "postgresql"
    schema = (part.place if part.place != OWN else place.namespace(service)) if on_server else None
    name = part.name if on_server else _view(part.name, part.place, service, place).strip('`"')
    return sa.inspect(connection).has_table(name, schema=schema)


def _parts(table: PublishedTable, place: Database) -> list[Part]:
    write, found = place.sql, []
    for column in table.computed:
        if not write.repeats_computed:
            found.append(_column(column, place))
    for name, parts in table.indexes.items():
        (rows,) = {part.table for part in parts}
        listed = ", ".join(write.in_ddl(part) for part in parts)
        text = f"CREATE INDEX {write.quoted(name)} ON {write.name(rows)} ({listed})"
        found.append(_part(INDEX, rows.name, name, text))
    schema = table.schema or OWN
    text = f"CREATE VIEW {_view(table.name, schema, table.service, place)} AS {write.view(table.select)}"
    return [*found, _part(VIEW, schema, table.name, text)]


def _column(column: Computed, place: Database) -> Part:
    write = place.sql
    text = (
        f"ALTER TABLE {write.name(column.table)} ADD COLUMN {write.quoted(column.column)} "
        f"{write.type_of(column.type)} GENERATED ALWAYS AS ({write.in_ddl(column.of)}) VIRTUAL"
    )
    return _part(COLUMN, column.table.name, column.column, text)


def _part(kind: str, place: str, name: str, text: str) -> Part:
    return Part(kind, place, name, hashlib.blake2b(text.encode(), digest_size=6).hexdigest(), text)


def _drop(part: Part, place: Database, service: str) -> str:
    write = place.sql
    if part.kind == VIEW:
        return f"DROP VIEW {_view(part.name, part.place, service, place)}"
    table = write.name(sa.Table(part.place, sa.MetaData(schema=service)))
    if part.kind == COLUMN:
        return f"ALTER TABLE {table} DROP COLUMN {write.quoted(part.name)}"
    return write.drop_index(part.name, table)


def _view(name: str, schema: str, service: str, place: Database) -> str:
    """What a view is called in SQL. A name of our own stays in the part of the service."""
    write = place.sql
    return write.view_name(name, "" if schema == OWN else schema, service)
