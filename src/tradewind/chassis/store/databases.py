"""Reaches a database for its schema steps. Apart from the store: plain functions, one connection at a time, statements may be slow."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from . import explain, sqlite
from .lock import DataInUse, holder
from .opening import FILE, on_server
from .port import StoreUnusable
from .sql import PostgresSql, Sql, SqliteSql

STEPS = "schema_steps"  # the table, in each service's corner, of the steps that were taken
PATIENCE_S, TURN_S = 3_600, 60  # a step may rewrite a large table; who waits for another's is told after a while
MEMORY = ":memory:"
TURN = 5_141_924_771_046_013_310  # the advisory lock of whoever takes a step
T = TypeVar("T")


class Database(Protocol):
    @property
    def where(self) -> str: ...

    @property
    def sql(self) -> Sql: ...

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        """The steps of each service, asked without SQLAlchemy's engine or Alembic: this is all that most starts need."""
        ...

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        """Lends a connection. Errors: StoreUnusable."""
        ...

    def alone(self, connection: sa.Connection) -> None:
        """Waits, in a transaction that has just begun, until nobody else takes a step."""
        ...

    def unused(self, connection: sa.Connection) -> None:
        """Errors: StoreUnusable, while a Tradewind that has this database to itself is running."""
        ...


def database(url: str, data: Path) -> Database:
    """The database that the settings name. Errors: StoreUnusable."""
    return Server(url) if on_server(url) else File(str(data / FILE))


class File:
    """SQLite. MEMORY is a new database at every call of `work`."""

    def __init__(self, path: str) -> None:
        self.where, self.sql = path, SqliteSql()

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        if not Path(self.where).exists():
            return {}
        connection = sqlite.connect(self.where, reader=True)
        try:
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return {
                name: [step for (step,) in connection.execute(f"SELECT step FROM {name}_{STEPS} ORDER BY step")]
                for name in services
                if f"{name}_{STEPS}" in there
            }
        except sqlite.TROUBLE as error:
            raise StoreUnusable(f"{self.where}: {explain.sqlite(error)}") from error
        finally:
            connection.close()

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite.connect(self.where), poolclass=sa.NullPool)
        # the driver's own transactions leave DDL outside
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.connect() as connection:
            connection.connection.cursor().execute(f"PRAGMA busy_timeout={TURN_S * 1_000}")
            return do(connection)

    def alone(self, connection: sa.Connection) -> None:
        """BEGIN IMMEDIATE has seen to it."""

    def unused(self, connection: sa.Connection) -> None:
        data = Path(self.where).parent
        who = None if self.where == MEMORY else holder(data)
        if who is not None and who.pid != os.getpid():
            raise DataInUse(data, who)


class Server:
    """PostgreSQL."""

    def __init__(self, url: str) -> None:
        from . import sessions  # its driver is an extra

        self._sessions, self._url = sessions, url
        self.where, self.sql = sessions.where(url), PostgresSql()

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        return self._wait(self._taken(services))

    async def _taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        connection = await self._sessions.connect(self._url)
        try:
            found = await connection.fetch(
                "SELECT schemaname FROM pg_tables WHERE tablename = $1 AND schemaname = ANY($2)", STEPS, services
            )
            return {
                name: [step for (step,) in await connection.fetch(f"SELECT step FROM {name}.{STEPS} ORDER BY step")] for (name,) in found
            }
        finally:
            await connection.close()

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        return self._wait(self._work(do))

    async def _work(self, do: Callable[[sa.Connection], T]) -> T:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def creator() -> Any:
            return await self._sessions.connect(self._url, patience=PATIENCE_S)

        engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=sa.NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(do)

    def alone(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")

    def unused(self, connection: sa.Connection) -> None:
        until = time.monotonic() + self._sessions.LEFT_OVER_S
        while not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({self._sessions.OURS})").scalar():
            if time.monotonic() >= until:
                raise self._sessions.taken(self._url)
            time.sleep(0.05)

    def _wait(self, wanted: Coroutine[Any, Any, T]) -> T:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, as the caller may be in one
            try:
                return thread.submit(asyncio.run, wanted).result()
            except self._sessions.TROUBLE as error:
                raise StoreUnusable(f"{self.where}: {explain.postgres(error)}") from error
