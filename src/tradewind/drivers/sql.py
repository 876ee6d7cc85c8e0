"""Makes the SQL texts, once per table and dialect, so that the drivers only run them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from ..core.columns import Document
from ..core.store import Statement

_SCHEMA = re.compile(r"__\[SCHEMA_(\w+)\]\.")
_ARGUMENT = re.compile(r"\$(\d+)")
_ARRAYS = {sa.Text: "text[]", sa.BigInteger: "bigint[]", sa.Integer: "integer[]", Document: "text[]"}

SEPARATOR, NULL = "\x1f", "\x1e"
_JOINED = {int, str, type(None)}
MOST_STATEMENTS = 2_000


class Sql:
    """Texts for one dialect. The first column of a table is its primary key."""

    schema: str | Callable[[re.Match[str]], str]  # what stands for `service.` in a compiled statement
    among: str  # one of many keys, which are one argument
    hole: str  # the first argument
    holes: str  # the first two arguments
    quote = '"'  # around the name of a column
    lock = ""  # keeps the rows that were read from others until the transaction ends
    repeats_computed = (
        False  # a published view repeats what it computes, since an index can hold an expression
    )

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[tuple[str, sa.Table], str] = {}
        self._statements: dict[int, tuple[Statement, str, list[str], dict[str, Any]]] = {}
        self.encode: Callable[[Any], str] = lambda value: msgspec.json.encode(value).decode()

    def name(self, table: sa.Table) -> str:
        return (
            _SCHEMA.sub(self.schema, f"__[SCHEMA_{table.schema}].{table.name}")
            if table.schema
            else table.name
        )

    def compiled(self, statement: Statement, values: Mapping[str, Any] | None) -> tuple[str, tuple[Any, ...]]:
        """The text of a statement and its arguments in order. Statements are module-level constants: each is
        compiled once.
        """
        if len(self._statements) > MOST_STATEMENTS:
            self._statements.clear()  # somebody makes them as it goes
        found = self._statements.get(id(statement))
        if found is None:
            schemas = {t.schema: t.schema for f in statement.get_final_froms() for t in _tables(f)}
            made = statement.compile(dialect=self._dialect, schema_translate_map=schemas)
            text = _SCHEMA.sub(self.schema, str(made))
            # the statement itself is kept too: its id stays taken
            found = self._statements[id(statement)] = (
                statement,
                text,
                list(made.positiontup or ()),
                dict(made.params),
            )
        _, text, order, defaults = found
        given = {**defaults, **(values or {})}
        return text, tuple([given[name] for name in order])

    def _text(self, what: str, table: sa.Table, make: Callable[[str, list[str]], str]) -> str:
        found = self._texts.get((what, table))
        if found is None:
            found = self._texts[what, table] = make(
                self.name(table), [f"{self.quote}{c.name}{self.quote}" for c in table.columns]
            )
        return found

    def load_one(self, table: sa.Table) -> str:
        return self._text(
            "one", table, lambda n, cs: f"SELECT {', '.join(cs)} FROM {n} WHERE {cs[0]} = {self.hole}"
        )

    def load_many(self, table: sa.Table) -> str:
        return self._text(
            "many",
            table,
            lambda n, cs: (
                f"SELECT {', '.join(cs)} FROM {n} WHERE {cs[0]} {self.among} ORDER BY {cs[0]}{self.lock}"
            ),
        )

    def insert(self, table: sa.Table) -> str:
        return self._text(
            "insert", table, lambda n, cs: f"INSERT INTO {n} ({', '.join(cs)}) {self.given(table)}"
        )

    def update(self, table: sa.Table) -> str:
        raise NotImplementedError

    def upsert(self, table: sa.Table) -> str:
        def make(name: str, columns: list[str]) -> str:
            sets = ", ".join(f"{c} = excluded.{c}" for c in columns[1:])
            return (
                f"INSERT INTO {name} ({', '.join(columns)}) {self.given(table)} ON CONFLICT "
                f"({columns[0]}) DO UPDATE SET {sets}"
            )

        return self._text("upsert", table, make)

    def reserve(self, table: sa.Table) -> str:
        """Moves the counter of a name by a number, and says where it stands then."""
        return self._text(
            "reserve",
            table,
            lambda n, cs: (
                f"INSERT INTO {n} AS kept ({cs[0]}, {cs[1]}) VALUES ({self.holes}) ON CONFLICT ({cs[0]}) "
                f"DO UPDATE SET {cs[1]} = kept.{cs[1]} + excluded.{cs[1]} RETURNING {cs[1]}"
            ),
        )

    def delete(self, table: sa.Table) -> str:
        raise NotImplementedError

    def trim(self, table: sa.Table, column: str) -> str:
        raise NotImplementedError

    def given(self, table: sa.Table) -> str:
        """The rows that are the arguments."""
        raise NotImplementedError

    def quoted(self, name: str) -> str:
        return self._dialect.identifier_preparer.quote(name)

    def type_of(self, kind: sa.types.TypeEngine[Any]) -> str:
        return str(self._dialect.type_compiler_instance.process(kind))

    def in_ddl(self, clause: sa.ColumnElement[Any]) -> str:
        """An expression over the columns of one table, with its values in it."""
        compiler = self._dialect.statement_compiler(self._dialect, None)
        return str(compiler.process(clause, include_table=False, literal_binds=True))

    def view_name(self, name: str, schema: str, service: str) -> str:
        """What a view is called; without a schema it is in that of a service."""
        raise NotImplementedError

    def view(self, select: sa.Select[Any]) -> str:
        """What a view is made of, so that nobody can write through it: one of one table would be updatable on
        a server; one of a join is not, and this one costs its reader nothing.
        """
        schemas = {t.schema: t.schema for f in select.get_final_froms() for t in _tables(f)}
        made = select.compile(
            dialect=self._dialect, schema_translate_map=schemas, compile_kwargs={"literal_binds": True}
        )
        text = _SCHEMA.sub(self.schema, str(made))
        return f"SELECT kept.* FROM ({text}) AS kept CROSS JOIN (SELECT 1 AS one) AS read_only"

    def drop_index(self, name: str, table: str) -> str:
        raise NotImplementedError


class SqliteSql(Sql):
    """One row a statement, run many times: it stays prepared. One file has no schemas: `orders.log` is the
    table `orders_log`.
    """

    schema, among, hole, holes = r"\1_", "IN (SELECT value FROM json_each(?))", "?", "?, ?"

    def __init__(self) -> None:
        from sqlalchemy.dialects import sqlite

        super().__init__(sqlite.dialect(paramstyle="qmark"))

    def update(self, table: sa.Table) -> str:
        """The key comes last."""
        return self._text(
            "update",
            table,
            lambda n, cs: f"UPDATE {n} SET {', '.join(f'{c} = ?' for c in cs[1:])} WHERE {cs[0]} = ?",
        )

    def delete(self, table: sa.Table) -> str:
        return self._text("delete", table, lambda n, cs: f"DELETE FROM {n} WHERE {cs[0]} = ?")

    def trim(self, table: sa.Table, column: str) -> str:
        oldest = f'SELECT rowid FROM {{0}} WHERE "{column}" < ? ORDER BY "{column}" LIMIT ?'
        return self._text(
            f"trim {column}", table, lambda n, cs: f"DELETE FROM {n} WHERE rowid IN ({oldest.format(n)})"
        )

    def given(self, table: sa.Table) -> str:
        return f"VALUES ({', '.join('?' * len(table.columns))})"

    def view_name(self, name: str, schema: str, service: str) -> str:
        return self.quoted(name if schema else f"{service}_{name}")

    def drop_index(self, name: str, table: str) -> str:
        return f"DROP INDEX {self.quoted(name)}"


class PostgresSql(Sql):
    """All rows in one statement, an array a column: one round trip, and one text however many rows."""

    among, hole, holes, lock = "= ANY($1)", "$1", "$1, $2", " FOR UPDATE"
    repeats_computed = True

    def __init__(self, schemas: Mapping[str, str] | None = None) -> None:
        """`schemas`: the names of those that are not called as their service."""
        from sqlalchemy.dialects.postgresql import (
            asyncpg,  # SQLAlchemy's, which writes $1 and needs no driver
        )

        super().__init__(asyncpg.dialect())  # type: ignore[no-untyped-call]
        self._together: dict[tuple[str, ...], str] = {}
        called = dict(schemas or {})
        self.schema = lambda found: f"{called.get(found[1], found[1])}."

    def update(self, table: sa.Table) -> str:
        def make(name: str, columns: list[str]) -> str:
            sets = ", ".join(f"{c} = given.{c}" for c in columns[1:])
            given = f"{self._arrays(table)} AS given ({', '.join(columns)})"
            return (
                f"UPDATE {name} AS kept SET {sets} FROM {given} WHERE kept.{columns[0]} = given.{columns[0]}"
            )

        return self._text("update", table, make)

    def delete(self, table: sa.Table) -> str:
        return self._text("delete", table, lambda n, cs: f"DELETE FROM {n} WHERE {cs[0]} {self.among}")

    def trim(self, table: sa.Table, column: str) -> str:
        oldest = f'SELECT ctid FROM {{0}} WHERE "{column}" < $1 ORDER BY "{column}" LIMIT $2'
        return self._text(
            f"trim {column}",
            table,
            lambda n, cs: f"DELETE FROM {n} WHERE ctid = ANY(ARRAY({oldest.format(n)}))",
        )

    def given(self, table: sa.Table) -> str:
        return f"SELECT * FROM {self._arrays(table)}"

    def view_name(self, name: str, schema: str, service: str) -> str:
        own = self.name(sa.Table("", sa.MetaData(schema=service)))
        return f"{self.quoted(schema)}.{self.quoted(name)}" if schema else own + self.quoted(name)

    def drop_index(self, name: str, table: str) -> str:
        return f"DROP INDEX {table.rpartition('.')[0]}.{self.quoted(name)}"

    def read_many(self, table: sa.Table) -> str:
        """As `load_many`, without a lock."""
        return self._text(
            "read", table, lambda n, cs: f"SELECT {', '.join(cs)} FROM {n} WHERE {cs[0]} {self.among}"
        )

    def together(self, texts: tuple[str, ...]) -> str:
        """Several changes as one statement, which is one round trip and, outside a transaction, one
        commit.
        """
        found = self._together.get(texts)
        if found is None:
            parts, before = [], 0
            for text in texts:
                parts.append(_ARGUMENT.sub(lambda n, before=before: f"${int(n[1]) + before}", text))  # type: ignore[misc]
                before += max(int(n) for n in _ARGUMENT.findall(text))
            first = ", ".join(f"w{i} AS ({part})" for i, part in enumerate(parts[:-1]))
            found = self._together[texts] = f"WITH {first} {parts[-1]}" if first else parts[-1]
        return found

    def _arrays(self, table: sa.Table) -> str:
        return f"unnest({', '.join(f'${i}::{_array(column)}' for i, column in enumerate(table.columns, 1))})"


class JoinedSql(PostgresSql):
    """A column is one text, its values between separators: the driver would take an array apart value by
    value, which costs it more than all the rest of a batch. For two rows and more: a single empty value and
    no value at all would be the same text.
    """

    among = "= ANY(string_to_array($1, E'\\x1f'))"

    def _arrays(self, table: sa.Table) -> str:
        split = [f"string_to_array(${i}, E'\\x1f', E'\\x1e')" for i in range(1, len(table.columns) + 1)]
        return f"unnest({', '.join(f'{text}::{_array(column)}' for text, column in zip(split, table.columns, strict=True))})"


def joined(rows: Sequence[tuple[Any, ...]]) -> list[str] | None:
    """The columns of some rows, each as one text; None where a value has a separator in it, or is of no type
    that we keep.
    """
    if len(rows) < 2:
        return None
    texts = []
    for column in zip(*rows, strict=True):
        try:
            text = SEPARATOR.join(column)
            nulls = 0
        except TypeError:
            nulls = column.count(None)
            if {type(value) for value in column} - _JOINED:
                return None
            text = SEPARATOR.join([NULL if value is None else str(value) for value in column])
        if text.count(SEPARATOR) != len(rows) - 1 or text.count(NULL) != nulls:
            return None
        texts.append(text)
    return texts


def _array(column: sa.Column[Any]) -> str:
    found = next((array for kind, array in _ARRAYS.items() if isinstance(column.type, kind)), None)
    if found is None:
        raise TypeError(f"{column}: a column is one of core.columns, not {column.type!r}")
    return found


def last_of_each(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """The last row of each key: one statement changes a row once."""
    return list({row[0]: row for row in rows}.values())


def storable(keys: Sequence[str]) -> Sequence[str]:
    """Those of the keys that a row can have: no database keeps half a character, and PostgreSQL no NUL."""
    text = "".join(keys)
    if text.isascii() and "\0" not in text:
        return keys
    return [key for key in keys if "\0" not in key and key == key.encode(errors="ignore").decode()]


def _tables(clause: Any) -> list[sa.Table]:
    if isinstance(clause, sa.Table):
        return [clause]
    return [t for child in clause.get_children() for t in _tables(child)]
