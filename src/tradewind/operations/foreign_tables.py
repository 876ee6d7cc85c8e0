"""Speaks of the tables of a published system, which lie in the same database as ours, in the words of that
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from ..drivers.sql import Sql

TABLE, VIEW = "table", "view"
Rows = Sequence[tuple[Any, ...]]


class Words(Protocol):
    """`select` ends with FROM and what it reads from."""

    def __init__(self, sql: Sql, connection: sa.Connection) -> None: ...

    def ask(self, text: str, *arguments: Any) -> list[tuple[Any, ...]]: ...

    def kind(self, name: str) -> str:
        """TABLE, VIEW, or nothing of this name is there."""
        ...

    def types(self, name: str) -> dict[str, str]:
        """Of the columns of a table."""
        ...

    def text(self, column: str) -> str:
        """A value as text."""
        ...

    def typed(self, text: str, kind: str) -> str:
        """A value of another type as one of this type."""
        ...

    def later(self, column: str, key: str, kind: str) -> str:
        """Whether a column is above what a text of a key says."""
        ...

    def add(self, table: sa.Table, rows: Rows) -> None:
        """Rows of ours; a key that is there keeps its row."""
        ...

    def reserve(self, counters: sa.Table, series: str, count: int) -> int:
        """The last of so many numbers that are ours now."""
        ...

    def raised(self, counters: sa.Table, series: str, least: int) -> None:
        """The next numbers are above this one."""
        ...

    def rename(self, name: str, to: str) -> None: ...

    def zone(self, name: str) -> None:
        """Times without a zone are of this one, in this session."""
        ...

    def differs(self, mine: str, other: str) -> str:
        """Whether two values are not the same; NULL is a value."""
        ...

    def merge(self, name: str, columns: Sequence[str], select: str) -> None:
        """Brings a table up to date with the rows of `ours`, by the first of its columns."""
        ...


class PostgresWords:
    _KIND = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{}')"
    _COLUMNS = """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped"""

    def __init__(self, sql: Sql, connection: sa.Connection) -> None:
        self._sql, self._connection = sql, connection

    def ask(self, text: str, *arguments: Any) -> list[tuple[Any, ...]]:
        answer = self._connection.exec_driver_sql(text, arguments or None)
        return [tuple(row) for row in answer] if answer.returns_rows else []

    def kind(self, name: str) -> str:
        kinds = {"r": TABLE, "p": TABLE, "v": VIEW}
        return next((kinds.get(kind, "") for (kind,) in self.ask(self._KIND.format(name))), "")

    def types(self, name: str) -> dict[str, str]:
        return {str(column): str(kind) for column, kind in self.ask(self._COLUMNS.format(name))}

    def text(self, column: str) -> str:
        return f"{column}::text"

    def typed(self, text: str, kind: str) -> str:
        return f"{text}::{kind}"

    def later(self, column: str, key: str, kind: str) -> str:
        return f"{column} > '{key.replace(chr(39), chr(39) * 2)}'::text::{kind}"

    def add(self, table: sa.Table, rows: Rows) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        self.ask(f"{self._sql.insert(table)} ON CONFLICT DO NOTHING", *columns)

    def reserve(self, counters: sa.Table, series: str, count: int) -> int:
        ((last,),) = self.ask(self._sql.reserve(counters), series, count)
        return int(last)

    def raised(self, counters: sa.Table, series: str, least: int) -> None:
        name = self._sql.name(counters)
        self.ask(
            f"INSERT INTO {name} AS kept (name, position) VALUES ('{series}', {least}) ON CONFLICT (name) "
            "DO UPDATE SET position = greatest(kept.position, excluded.position)"
        )

    def rename(self, name: str, to: str) -> None:
        self.ask(f"ALTER TABLE {name} RENAME TO {self._sql.quoted(to)}")

    def zone(self, name: str) -> None:
        self.ask("SELECT set_config('TimeZone', $1, false)", name)

    def differs(self, mine: str, other: str) -> str:
        return f"{mine} IS DISTINCT FROM {other}"

    def merge(self, name: str, columns: Sequence[str], select: str) -> None:
        sets = ", ".join([f"{one} = excluded.{one}" for one in columns[1:]])
        differs = " OR ".join([self.differs(f"there.{one}", f"excluded.{one}") for one in columns[1:]])
        self.ask(
            f"INSERT INTO {name} AS there ({', '.join(columns)}) {select} "
            f"ON CONFLICT ({columns[0]}) DO UPDATE SET {sets} WHERE {differs}"
        )


class MysqlWords:
    """A change of the schema is a commit there."""

    def __init__(self, sql: Sql, connection: sa.Connection) -> None:
        self._sql, self._connection = sql, connection

    def ask(self, text: str, *arguments: Any) -> list[tuple[Any, ...]]:
        answer = self._connection.exec_driver_sql(
            text if arguments else text.replace("%", "%%"), arguments or None
        )
        return [tuple(row) for row in answer] if answer.returns_rows else []

    def kind(self, name: str) -> str:
        kinds = {"BASE TABLE": TABLE, "VIEW": VIEW}
        query = (
            "SELECT table_type FROM information_schema.tables WHERE table_schema = DATABASE() "
            f"AND table_name = '{name.strip('`')}'"
        )
        return next((kinds.get(kind, "") for (kind,) in self.ask(query)), "")

    def types(self, name: str) -> dict[str, str]:
        query = (
            "SELECT column_name, column_type FROM information_schema.columns WHERE table_schema = DATABASE() "
            f"AND table_name = '{name.strip('`')}'"
        )
        return {str(column): str(kind) for column, kind in self.ask(query)}

    def text(self, column: str) -> str:
        return f"CAST({column} AS CHAR)"

    def typed(self, text: str, kind: str) -> str:
        return text  # it is turned into the type of its column

    def later(self, column: str, key: str, kind: str) -> str:
        return f"{column} > {int(key)}" if kind == "int" else f"{column} > {literal(key)}"

    def add(self, table: sa.Table, rows: Rows) -> None:
        first = self._sql.quoted(table.columns.keys()[0])
        text = self._sql.insert(table).replace("%s", ", ".join([literal(row) for row in rows]))
        self.ask(f"{text} ON DUPLICATE KEY UPDATE {first} = {self._sql.name(table)}.{first}")

    def reserve(self, counters: sa.Table, series: str, count: int) -> int:
        name = self._sql.name(counters)
        self.ask(
            f"INSERT INTO {name} (name, position) VALUES ('{series}', {count}) "
            f"ON DUPLICATE KEY UPDATE position = position + {count}"
        )
        ((last,),) = self.ask(f"SELECT position FROM {name} WHERE name = '{series}'")
        return int(last)

    def raised(self, counters: sa.Table, series: str, least: int) -> None:
        self.ask(
            f"INSERT INTO {self._sql.name(counters)} (name, position) VALUES ('{series}', {least}) "
            f"ON DUPLICATE KEY UPDATE position = greatest(position, {least})"
        )

    def rename(self, name: str, to: str) -> None:
        self.ask(f"RENAME TABLE {name} TO {self._sql.quoted(to)}")

    def zone(self, name: str) -> None:
        self.ask(f"SET time_zone = {literal(name)}")

    def differs(self, mine: str, other: str) -> str:
        return f"NOT ({mine} <=> {other})"

    def merge(self, name: str, columns: Sequence[str], select: str) -> None:
        sets = ", ".join([f"{one} = ours.{one}" for one in columns[1:]])
        self.ask(f"INSERT INTO {name} ({', '.join(columns)}) {select} ON DUPLICATE KEY UPDATE {sets}")


def words(sql: Sql, connection: sa.Connection) -> Words:
    return (MysqlWords if connection.dialect.name == "mysql" else PostgresWords)(sql, connection)


def literal(value: Any) -> str:
    from ..drivers.mysql.sql import literal as written

    return written(value)
