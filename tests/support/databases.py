"""The databases of a test, each new and empty: to make its tables, and to look into it from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from tests.support.needs import POSTGRES, unmet
from tradewind.core.store import Store
from tradewind.runtime import migrations
from tradewind.runtime.databases import Database, database
from tradewind.runtime.migrations import ServiceSchema
from tradewind.runtime.stores import on_server, open_store

URL = "TRADEWIND_TEST_POSTGRES_URL"


class Place:
    """A database without tables. `url` is empty for SQLite, as in the settings."""

    def __init__(self, url: str, data: Path) -> None:
        self.url, self.data = url, data
        if on_server(url):
            kept = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'"
            for (schema,) in self.outside(kept):
                self.outside(f"DROP SCHEMA {schema} CASCADE")

    @property
    def database(self) -> Database:
        return database(self.url, self.data)

    def store(self) -> Store:
        return open_store(self.url, self.data)

    def fill(self, *slices: ServiceSchema) -> None:
        """Their tables."""
        migrations.up(self.url, self.data, slices)

    def outside(self, text: str) -> list[Any]:
        """As `rows`."""
        return rows(self.url, text, self.data)


@contextmanager
def own_database(word: str) -> Iterator[str]:
    """The URL of an empty database that nobody else uses, on the server that runs for all tests."""
    server = os.environ.get(URL, "") or unmet(POSTGRES)
    name = f"tradewind_{word}_{os.getpid()}"
    on_its_server(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # of a run that was killed
    on_its_server(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        on_its_server(server, f"DROP DATABASE {name} WITH (FORCE)")


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
