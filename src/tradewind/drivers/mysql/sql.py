"""Makes the SQL texts for MySQL and MariaDB.

Their wire has no arrays, and prepared statements cost a round trip each: values stand in the text, as the
clients of MySQL do it, and many rows are one statement. `%s` is where they go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...core.store import RowRefused
from ..sql import Sql

PREFIX = "tw_"
"""How our tables begin: those of a published system lie in the same database, under its own names."""


class MysqlSql(Sql):
    """One database has no schemas: `orders.log` is the table `tw_orders_log`."""

    among, hole, holes, lock, quote = "IN %s", "%s", "%s, %s", " FOR UPDATE", "`"

    def __init__(self, schemas: Mapping[str, str] | None = None) -> None:
        """`schemas`: the names of those that are not called as their service."""
        from sqlalchemy.dialects import mysql

        super().__init__(mysql.dialect())
        called = dict(schemas or {})
        self.schema = lambda found: f"{PREFIX}{called.get(found[1], found[1])}_"

    def given(self, table: sa.Table) -> str:
        return "VALUES %s"

    def update(self, table: sa.Table) -> str:
        def make(name: str, columns: list[str]) -> str:
            sets = ", ".join(f"kept.{c} = given.{c}" for c in columns[1:])
            first = f"kept.{columns[0]} = given.{columns[0]}"
            return f"UPDATE {name} AS kept JOIN (%s) AS given ON {first} SET {sets}"

        return self._text("update", table, make)

    def upsert(self, table: sa.Table) -> str:
        """MySQL wants a name for the new row, and MariaDB knows none: each skips what is for the other."""

        def make(name: str, columns: list[str]) -> str:
            sets = ", ".join(f"{c} = /*M! VALUES({c}) */ /*!80020 given.{c} */" for c in columns[1:])
            return (
                f"INSERT INTO {name} ({', '.join(columns)}) VALUES %s /*!80020 AS given */ "
                f"ON DUPLICATE KEY UPDATE {sets}"
            )

        return self._text("upsert", table, make)

    def reserve(self, table: sa.Table) -> str:
        """The position is read back from the session: another's change is not in it."""
        return self._text(
            "reserve",
            table,
            lambda n, cs: (
                f"INSERT INTO {n} ({cs[0]}, {cs[1]}) VALUES (%s, LAST_INSERT_ID(%s)) ON DUPLICATE KEY "
                f"UPDATE {cs[1]} = LAST_INSERT_ID({cs[1]} + %s); SELECT LAST_INSERT_ID()"
            ),
        )

    def delete(self, table: sa.Table) -> str:
        return self._text("delete", table, lambda n, cs: f"DELETE FROM {n} WHERE {cs[0]} {self.among}")

    def trim(self, table: sa.Table, column: str) -> str:
        return self._text(
            f"trim {column}",
            table,
            lambda n, cs: f"DELETE FROM {n} WHERE `{column}` < %s ORDER BY `{column}` LIMIT %s",
        )

    def read_many(self, table: sa.Table) -> str:
        """As `load_many`, without a lock."""
        return self._text(
            "read", table, lambda n, cs: f"SELECT {', '.join(cs)} FROM {n} WHERE {cs[0]} {self.among}"
        )

    def view_name(self, name: str, schema: str, service: str) -> str:
        """Beside our tables, which all begin with the prefix."""
        return self.quoted(name)

    def drop_index(self, name: str, table: str) -> str:
        return f"DROP INDEX {self.quoted(name)} ON {table}"


def filled(text: str, arguments: Sequence[Any]) -> str:
    """The text of a statement with its values. Errors: RowRefused."""
    return text % tuple([literal(value) for value in arguments])


def values(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as an INSERT has them. Errors: RowRefused."""
    return ", ".join([literal(row) for row in rows])


def selected(table: sa.Table, rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a table to join with. Errors: RowRefused."""
    first = ", ".join(
        [f"{literal(value)} AS `{column.name}`" for value, column in zip(rows[0], table.columns, strict=True)]
    )
    others = [", ".join([literal(value) for value in row]) for row in rows[1:]]
    return " UNION ALL SELECT ".join([f"SELECT {first}", *others])


def literal(value: Any) -> str:
    """A value as SQL. Errors: RowRefused, for one of a type that no column has."""
    kind = type(value)
    if kind is str:
        # the session's mode has backslashes as escapes; a quote inside is written twice
        text: str = value
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    if value is None:
        return "NULL"
    if kind is int or kind is float:
        return repr(value)
    if kind is bool:
        return "1" if value else "0"
    if kind is tuple or kind is list:
        return "(" + ", ".join([literal(one) for one in value]) + ")" if value else "(NULL)"
    if isinstance(value, str):  # a subclass
        return literal(str(value))
    if isinstance(value, tuple):  # a row with names
        return literal(tuple(value))
    raise RowRefused(f"a {kind.__name__} is no value of a column")
