"""Says how rows lie in tables: the mapping of aggregates, and the lists over them."""

from __future__ import annotations

import operator
import typing
from typing import Any

import msgspec
import sqlalchemy as sa

from .columns import Document
from .model import Table


def metadata(service: str) -> sa.MetaData:
    """A service's own part of the store: a schema on PostgreSQL, a table prefix on SQLite."""
    return sa.MetaData(schema=service)


def newest_first(rows: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The rows below a place, newest first, at most `n`: by `created_at` and `id`, whatever an id looks like.
    An index on what `where` equates, then `created_at` and `id`, serves it: MySQL finds no place in an index
    by a comparison of pairs, so the time is compared alone too.
    """
    created, key = rows.c.created_at, rows.c.id
    at = sa.bindparam("below_at", type_=sa.BigInteger)
    below = sa.tuple_(created, key) < sa.tuple_(at, sa.bindparam("below_id", type_=sa.Text))
    chosen = sa.select(rows).where(*where, created <= at, below)
    return chosen.order_by(created.desc(), key.desc()).limit(sa.bindparam("n", type_=sa.Integer))


def by_number(rows: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The same order, for pages with a number: `n` rows after the first `skip`. A far page costs more."""
    newest = sa.select(rows).where(*where).order_by(rows.c.created_at.desc(), rows.c.id.desc())
    return newest.limit(sa.bindparam("n")).offset(sa.bindparam("skip", type_=sa.BigInteger))


def count_of(rows: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(rows).where(*where)


def by_key(statement: sa.Select[Any], key: sa.Column[Any]) -> sa.Select[Any]:
    """The statement as `checks.paged` asks for it: at most `n` rows whose key is above `after`."""
    above = statement.where(key > sa.bindparam("after", type_=sa.Text))
    return above.order_by(key).limit(sa.bindparam("n", type_=sa.Integer))


def shared_keys(rows: sa.Table) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """The idempotency keys that several rows show, the first thousand; and the rows under a `key`, as
    `checks.made_twice` asks for them.
    """
    key = rows.c.idempotency_key
    shared = sa.select(key).where(key.is_not(None)).group_by(key).having(sa.func.count() > 1).limit(1_000)
    under = sa.select(rows.c.id, rows.c.created_at).where(key == sa.bindparam("key"))
    return shared, under.order_by(rows.c.created_at, rows.c.id)


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
            (i, column.name)
            for i, column in enumerate(table.rows.columns)
            if isinstance(column.type, Document)
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
