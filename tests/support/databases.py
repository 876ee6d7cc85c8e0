"""The databases of a test, each new and empty: to make its tables, and to look into it from outside."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from tests.support.needs import MYSQL, POSTGRES, unmet
from tradewind.core.store import Store
from tradewind.runtime import migrations
from tradewind.runtime.databases import Database, database
from tradewind.runtime.migrations import ServiceSchema
from tradewind.runtime.stores import kind_of, open_store

URL, MYSQL_URL = "TRADEWIND_TEST_POSTGRES_URL", "TRADEWIND_TEST_MYSQL_URL"
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'"
TABLES = "SELECT table_type, table_name FROM information_schema.tables WHERE table_schema = DATABASE()"


class Place:
    """A database without tables. `url` is empty for SQLite, as in the settings."""

    def __init__(self, url: str, data: Path) -> None:
        self.url, self.data = url, data
        if kind_of(url) == "postgres":
            for (schema,) in self.outside(SCHEMAS):
                self.outside(f"DROP SCHEMA {schema} CASCADE")
        elif kind_of(url) == "mysql":
            for what, name in self.outside(TABLES):
                self.outside(f"DROP {'VIEW' if what == 'VIEW' else 'TABLE'} `{name}`")

    @property
    def database(self) -> Database:
        return database(self.url, self.data)

    @property
    def kind(self) -> str:
        return kind_of(self.url)

    def named(self, service: str, table: str) -> str:
        """What a table of a service is called in SQL."""
        return self.database.sql.name(sa.Table(table, sa.MetaData(schema=service)))

    def store(self) -> Store:
        return open_store(self.url, self.data)

    def fill(self, *slices: ServiceSchema) -> None:
        """Their tables."""
        migrations.up(self.url, self.data, slices)

    def outside(self, text: str) -> list[Any]:
        """As `rows`."""
        return rows(self.url, text, self.data)


_NUMBERS = itertools.count()  # two of one word in one run are two


@contextmanager
def own_database(word: str, kind: str = "postgres") -> Iterator[str]:
    """The URL of an empty database that nobody else uses, on the server that runs for all tests."""
    if kind == "postgres":
        server, end = os.environ.get(URL, "") or unmet(POSTGRES), " WITH (FORCE)"
    else:
        server, end = os.environ.get(MYSQL_URL, "") or unmet(MYSQL), ""
    name = f"tradewind_{word}_{os.getpid()}_{next(_NUMBERS)}"
    on_its_server(server, f"DROP DATABASE IF EXISTS {name}{end}")  # of a run that was killed
    on_its_server(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        on_its_server(server, f"DROP DATABASE IF EXISTS {name}{end}")


def on_its_server(url: str, text: str) -> None:
    """A statement that no transaction may hold."""
    database(url, Path()).work(
        lambda connection: connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(text)
    )


def rows(url: str, text: str, data: Path = Path()) -> list[Any]:
    """A statement on a connection of its own."""

    def ask(connection: sa.Connection) -> list[Any]:
        with connection.begin():
            answer = connection.exec_driver_sql(text)
            return [tuple(row) for row in answer] if answer.returns_rows else []

    return database(url, data).work(ask)
