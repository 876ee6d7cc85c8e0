"""Says how rows lie in tables: the column types we use, the mapping of aggregates, and the tables every
service has.
"""

from __future__ import annotations

import operator
import typing
from typing import Any

import msgspec
import sqlalchemy as sa

from .model import Table


class Doc(sa.types.UserDefinedType[str]):
    """A structured value, kept as the JSON text we wrote."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "TEXT"


def metadata(service: str) -> sa.MetaData:
    """A service's own corner of the store: a schema on PostgreSQL, a table prefix on SQLite."""
    return sa.MetaData(schema=service)


class Codec:
    """Turns one kind of aggregate into a row and back. Built once per table."""

    def __init__(self, table: Table[Any]) -> None:
        fields = {f.name: f for f in msgspec.structs.fields(table.kind)}
        columns = [column.name for column in table.rows.columns]
        if set(fields) != set(columns):
            raise ValueError(f"{table.name}: fields {sorted(fields)} are not columns {sorted(columns)}")
        hints = typing.get_type_hints(table.kind, include_extras=True)
        self._kind = table.kind
        self._order = [columns.index(name) for name in fields]
        # a tuple even for one column
        self._get = (
            operator.attrgetter(*columns)
            if len(columns) > 1
            else lambda aggregate: (getattr(aggregate, columns[0]),)
        )
        self._doc_columns = [
            (i, column.name) for i, column in enumerate(table.rows.columns) if isinstance(column.type, Doc)
        ]
        self._decoders = {i: msgspec.json.Decoder(hints[name]).decode for i, name in self._doc_columns}
        self._encode = msgspec.json.Encoder().encode

    def to_row(self, aggregate: Any) -> tuple[Any, ...]:
        if not self._doc_columns:
            plain: tuple[Any, ...] = self._get(aggregate)
            return plain
        row = list(self._get(aggregate))
        for i, _ in self._doc_columns:
            if row[i] is not None:
                row[i] = self._encode(row[i]).decode()
        return tuple(row)

    def from_row(self, row: Any) -> Any:
        values = list(row)
        for i, decode in self._decoders.items():
            if values[i] is not None:
                values[i] = decode(values[i])
        return self._kind(*[values[i] for i in self._order])


_codecs: dict[Table[Any], Codec] = {}


def codec(table: Table[Any]) -> Codec:
    found = _codecs.get(table)
    if found is None:
        found = _codecs[table] = Codec(table)
    return found


# on SQLite only the type INTEGER makes the key the row's own place in the file
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Ledgers:
    """The tables that every service has for its messages: what it said, what it heard, what it waits for,
    what it could not do.
    """

    def __init__(self, md: sa.MetaData) -> None:
        self.log = sa.Table(
            "log",
            md,
            sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
            sa.Column("id", sa.Text, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("body", Doc, nullable=False),
            sa.Column("cause", sa.Text, nullable=False),
            sa.Column("trace", sa.Text, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_log_key", "key"),
        )
        self.outbox = sa.Table(
            "outbox",
            md,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("lease", sa.BigInteger, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_outbox_key", "key", "seq"),
        )
        self.inbox = sa.Table(
            "inbox",
            md,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("fingerprint", sa.Text, nullable=False),
            sa.Column("status", sa.Integer, nullable=False),
            sa.Column("reply", sa.Text, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_inbox_at", "at"),
        )
        self.cursors = sa.Table(
            "cursors",
            md,
            sa.Column("source", sa.Text, primary_key=True),
            sa.Column("position", sa.BigInteger, nullable=False),
        )
        self.timers = sa.Table(
            "timers",
            md,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("body", Doc, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_timers_due", "due_at"),
        )
        self.activities = sa.Table(
            "activities",
            md,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("body", Doc, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("trace", sa.Text, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_activities_due", "due_at"),
        )
        self.parked = sa.Table(
            "parked",
            md,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("status", sa.Text, nullable=False),
            sa.Column("origin", sa.Text, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("body", sa.Text, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("trace", sa.Text, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Column("first_at", sa.BigInteger, nullable=False),
            sa.Column("last_at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_parked_key", "key", "id"),
        )
