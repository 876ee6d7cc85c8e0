"""Says which tables others may read: views over the tables of a service, under the names and in the columns
that an API has published. They are read-only, and nothing is stored twice.

An API package declares them as data, in SQLAlchemy's words, and a database gets what fits it; no step of a
service knows of them. Beside a view there may be indexes on the tables below it, and computed columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles


class PublishedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A view `name` of what `select` finds in tables of one service. `schema`: where it lies on a server;
    empty: in that of its service. `indexes`: by name, what each is made of; `computed`: the columns that it
    adds.

    `create`: the columns of the original's own table, as its migrations leave them, with which `migrate
    export` makes it where it is missing; empty: it is not handed back. `handed_back`: its rows, where they
    are not what the view shows. Its first column is its key. `first`: a row that is there before anybody
    has asked for one. `view`: false where others read no such table, and it is only handed back.
    `local_times`: its times have no zone; `migrate export` asks for it.
    """

    service: str
    name: str
    select: sa.Select[Any]
    schema: str = ""
    computed: tuple[Computed, ...] = ()
    indexes: Mapping[str, tuple[sa.ColumnElement[Any], ...]] = {}
    create: str = ""
    handed_back: sa.Select[Any] | None = None
    first: FirstRow | None = None
    view: bool = True
    local_times: bool = False


class FirstRow(msgspec.Struct, frozen=True):
    """A row of a table of the service, which the migration makes where none has its key, the first of
    `values`. They are made of the settings, and of the time (ms since 1970).
    """

    table: sa.Table
    values: Callable[[Mapping[str, Any], int], Mapping[str, Any]]


def table_of(service: str, name: str, *columns: str) -> sa.Table:
    """A table of a service, as far as a view reads it."""
    return sa.Table(name, sa.MetaData(schema=service), *[sa.Column(column) for column in columns])


class Computed(sa.sql.functions.FunctionElement[Any]):
    """A virtual generated column, so that an index can hold what a view computes. PostgreSQL has an index on
    the expression instead: there the view repeats the expression, and no column is added.
    """

    inherit_cache = False

    def __init__(self, column: str, of: sa.ColumnElement[Any]) -> None:
        self.column, self.of, self.type = column, of, of.type
        super().__init__(of)

    @property
    def table(self) -> sa.Table:
        """The one table that it is computed from."""
        (found,) = {part.table for part in sa.sql.visitors.iterate(self.of) if isinstance(part, sa.Column)}
        assert isinstance(found, sa.Table)
        return found


@compiles(Computed)
def _as_column(element: Computed, compiler: Any, **_: Any) -> str:
    quoted: str = compiler.preparer.quote(element.column)
    return quoted


@compiles(Computed, "postgresql")
def _as_expression(element: Computed, compiler: Any, **how: Any) -> str:
    text: str = compiler.process(element.of, **how)
    return text


class moment(sa.sql.functions.GenericFunction[Any]):
    """Milliseconds since 1970 as the database's own time without a zone, in UTC."""

    type = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
    inherit_cache = True


@compiles(moment, "postgresql")
def _on_postgres(element: moment, compiler: Any, **how: Any) -> str:
    return f"(to_timestamp({compiler.process(element.clauses, **how)} / 1000.0) AT TIME ZONE 'UTC')"


@compiles(moment, "sqlite")
def _on_sqlite(element: moment, compiler: Any, **how: Any) -> str:
    milliseconds = compiler.process(element.clauses, **how)
    return f"strftime('%Y-%m-%d %H:%M:%f', {milliseconds} / 1000.0, 'unixepoch')"


@compiles(moment, "mysql")
def _on_mysql(element: moment, compiler: Any, **how: Any) -> str:
    milliseconds = compiler.process(element.clauses, **how)
    return f"(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL {milliseconds} * 1000 MICROSECOND)"


class local_moment(sa.sql.functions.GenericFunction[Any]):
    """Milliseconds since 1970 as a time without a zone, in the zone of the session: not for a view."""

    type = sa.DateTime()
    inherit_cache = True


@compiles(local_moment, "postgresql")
def _local_on_postgres(element: local_moment, compiler: Any, **how: Any) -> str:
    return f"(to_timestamp({compiler.process(element.clauses, **how)} / 1000.0)::timestamp)"


class whole(sa.sql.functions.GenericFunction[Any]):
    """The whole number from 1 to 2147483647 that a text says; NULL, where it says none."""

    type = sa.Integer()
    inherit_cache = True


@compiles(whole)
def _whole(element: whole, compiler: Any, **how: Any) -> str:
    text = compiler.process(element.clauses, **how)
    matches, number = {"postgresql": ("~", "bigint"), "mysql": ("REGEXP", "SIGNED")}.get(
        compiler.dialect.name, ("GLOB", "INTEGER")
    )
    as_number = f"CAST({text} AS {number})"
    digits = f"{text} {matches} '^[1-9][0-9]{{0,9}}$'"
    if matches == "GLOB":  # SQLite has no regular expressions, and no text that is not a number is an error
        digits = f"{text} GLOB '[1-9]*' AND {text} NOT GLOB '*[^0-9]*' AND length({text}) <= 10"
    found = f"CASE WHEN {digits} THEN CASE WHEN {as_number} <= 2147483647 THEN {as_number} END END"
    return f"CAST(({found}) AS integer)" if matches == "~" else f"({found})"


class part_of(sa.sql.functions.GenericFunction[Any]):
    """The text under a path like `$[0].name` of a document of ours."""

    type = sa.Text()
    inherit_cache = True

    def __init__(self, document: sa.ColumnElement[Any], path: str) -> None:
        super().__init__(document, sa.literal_column(f"'{path}'"))


@compiles(part_of)
def _part_of(element: part_of, compiler: Any, **how: Any) -> str:
    document, path = (compiler.process(one, **how) for one in element.clauses)
    if compiler.dialect.name == "postgresql":
        keys = path.strip("'$").replace("[", "").replace("].", ",").replace("]", "").replace(".", ",")
        return f"({document}::json #>> '{{{keys}}}')"
    found = f"json_extract({document}, {path})"
    return f"json_unquote({found})" if compiler.dialect.name == "mysql" else f"CAST({found} AS TEXT)"
