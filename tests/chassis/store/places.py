"""What the suites of the store need of a database beyond its driver: to make its tables, and to look into it from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.chassis.store.tables import PROBE, ROWS
from tradewind.chassis.store import drafts
from tradewind.chassis.store.databases import Database, database
from tradewind.chassis.store.opening import on_server, open_store
from tradewind.chassis.store.port import Store


class Place:
    """A database without tables. `url` is empty for SQLite, as in the settings."""

    def __init__(self, url: str, data: Path) -> None:
        self.url, self.data = url, data
        if on_server(url):
            self.outside("DROP SCHEMA IF EXISTS probe CASCADE")

    @property
    def database(self) -> Database:
        return database(self.url, self.data)

    @property
    def things(self) -> str:
        return self.database.sql.name(ROWS)

    def store(self) -> Store:
        return open_store(self.url, self.data)

    def fill(self) -> None:
        """The tables of the probe, as the code wants them."""

        def make(connection: sa.Connection) -> None:
            with connection.begin():
                if on_server(self.url):
                    connection.exec_driver_sql("CREATE SCHEMA probe")
                drafts.laid(PROBE, connection.dialect.name).create_all(connection)

        self.database.work(make)

    def outside(self, text: str) -> list[Any]:
        """A statement on a connection of its own."""

        def ask(connection: sa.Connection) -> list[Any]:
            with connection.begin():
                answer = connection.exec_driver_sql(text)
                return [tuple(row) for row in answer] if answer.returns_rows else []

        return self.database.work(ask)
