"""Reaches a database for its schema steps. Apart from the store: plain functions, one connection at a time,
statements may be slow.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import sqlalchemy as sa

from ..core.failpoints import failpoint
from ..core.store import StoreUnusable
from ..drivers import explain
from ..drivers.server_store import already_running
from ..drivers.sql import PostgresSql, Sql, SqliteSql
from ..drivers.sqlite import store as sqlite
from .data_lock import DataInUse, holder
from .stores import FILE, kind_of

STEPS = "schema_steps"  # as engine.steps.NOTES, which would bring Alembic with it
PLAN = "schema_plan"
"""The table of the statements of a step that is under way, where a database has each change alone."""
PATIENCE_S, TURN_S = (
    3_600,
    60,
)  # a step may rewrite a large table; a process that waits for another's reports it after a while
NOTED = "CREATE TABLE IF NOT EXISTS {} (step TEXT PRIMARY KEY)"
MEMORY = ":memory:"
TURN = 5_141_924_771_046_013_310  # the advisory lock of the process that takes a step
BEFORE_COMMIT = failpoint("migrate.before-commit", "a schema step is taken, and not committed")
NO_DATABASE = "3D000"
NONE: Mapping[str, str] = {}
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
T = TypeVar("T")


class Database(Protocol):
    """`planned`: it commits each change of its schema by itself, so a step is carried out as a plan."""

    planned: bool

    @property
    def where(self) -> str: ...

    @property
    def sql(self) -> Sql: ...

    def namespace(self, service: str) -> str:
        """The name of a service's part of the database: its schema on PostgreSQL."""
        ...

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        """The steps of each service, asked without SQLAlchemy's engine or Alembic: this is all that most
        starts need.
        """
        ...

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        """Lends a connection. Errors: StoreUnusable."""
        ...

    def alone(self, connection: sa.Connection) -> None:
        """Waits, in a transaction that has just begun, until no other process takes a step."""
        ...

    def lay(self, connection: sa.Connection, service: str) -> None:
        """Makes the place of a service, and its table of the steps that were taken, where missing."""
        ...

    def change(
        self, connection: sa.Connection, service: str, statements: Sequence[str], first: Sequence[str] = ()
    ) -> None:
        """Runs `first`, then the others, so that all or none of it counts."""
        ...

    def unused(self, connection: sa.Connection, *, at_all: bool = False) -> None:
        """Errors: StoreUnusable, while a Tradewind that has this database to itself is running; `at_all`: or
        one that shares it.
        """
        ...


def database(url: str, data: Path, schemas: Mapping[str, str] = NONE) -> Database:
    """The database that the settings name; `schemas`: of the services whose schema has another name. Errors:
    StoreUnusable.
    """
    kind = kind_of(url)
    if kind == "sqlite":
        return File(str(data / FILE))
    if kind == "mysql":
        from .mysql_database import MysqlServer  # its driver is an extra

        return MysqlServer(url, schemas)
    return Server(url, schemas)


def note_of(place: Database, service: str) -> str:
    """The table of the steps that were taken, in SQL."""
    return place.sql.name(sa.Table(STEPS, sa.MetaData(schema=service)))


class _AtOnce:
    """What both databases do whose changes of a schema are part of a transaction."""

    planned = False

    def change(
        self, connection: sa.Connection, service: str, statements: Sequence[str], first: Sequence[str] = ()
    ) -> None:
        for text in (*first, *statements):
            connection.exec_driver_sql(text)


class File(_AtOnce):
    """SQLite. MEMORY is a new database at every call of `work`."""

    def __init__(self, path: str) -> None:
        self.where, self.sql = path, SqliteSql()

    def namespace(self, service: str) -> str:
        return service

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        if not Path(self.where).exists():
            return {}
        connection = sqlite.connect(self.where, reader=True)
        try:
            there = {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            return {
                name: [
                    step for (step,) in connection.execute(f"SELECT step FROM {name}_{STEPS} ORDER BY step")
                ]
                for name in services
                if f"{name}_{STEPS}" in there
            }
        except sqlite.TROUBLE as error:
            raise StoreUnusable(f"{self.where}: {explain.sqlite(error)}") from error
        finally:
            connection.close()

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        engine = sa.create_engine(
            "sqlite://", creator=lambda: sqlite.connect(self.where), poolclass=sa.NullPool
        )
        # the driver's own transactions leave DDL outside
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.connect() as connection:
            connection.connection.cursor().execute(f"PRAGMA busy_timeout={TURN_S * 1_000}")
            return do(connection)

    def alone(self, connection: sa.Connection) -> None:
        """BEGIN IMMEDIATE has seen to it."""

    def lay(self, connection: sa.Connection, service: str) -> None:
        connection.exec_driver_sql(NOTED.format(note_of(self, service)))

    def unused(self, connection: sa.Connection, *, at_all: bool = False) -> None:
        data = Path(self.where).parent
        who = None if self.where == MEMORY else holder(data)
        if who is not None and who.pid != os.getpid():
            raise DataInUse(data, who)


class Server(_AtOnce):
    """PostgreSQL."""

    def __init__(self, url: str, schemas: Mapping[str, str] = NONE) -> None:
        from ..drivers.postgres import sessions  # its driver is an extra

        self._sessions, self._url, self._schemas = sessions, url, checked(schemas)
        self.where, self.sql = sessions.where(url), PostgresSql(schemas)

    def namespace(self, service: str) -> str:
        return self._schemas.get(service, service)

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        return self._wait(self._taken({self.namespace(service): service for service in services}))

    async def _taken(self, namespaces: Mapping[str, str]) -> dict[str, list[str]]:
        connection = await self._connect()
        try:
            found = await connection.fetch(
                "SELECT schemaname FROM pg_tables WHERE tablename = $1 AND schemaname = ANY($2)",
                STEPS,
                list(namespaces),
            )
            return {
                namespaces[name]: [
                    step
                    for (step,) in await connection.fetch(f"SELECT step FROM {name}.{STEPS} ORDER BY step")
                ]
                for (name,) in found
            }
        finally:
            await connection.close()

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        return self._wait(self._work(do))

    async def _work(self, do: Callable[[sa.Connection], T]) -> T:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def creator() -> Any:
            return await self._connect(PATIENCE_S)

        engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=sa.NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(do)

    async def _connect(self, patience: int = 0) -> Any:
        try:
            return await self._sessions.connect(self._url, patience=patience)
        except StoreUnusable as error:
            if getattr(error.__cause__, "sqlstate", "") != NO_DATABASE:
                raise
            raise StoreUnusable(
                f"{self.where}: there is no such database: make it with `{createdb(self._url)}`, or name "
                f"another"
            ) from error

    def alone(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")

    def lay(self, connection: sa.Connection, service: str) -> None:
        """Looked up first: a role that may not make a schema may still use an existing one."""
        namespace = self.namespace(service)
        there = connection.exec_driver_sql(f"SELECT 1 FROM pg_namespace WHERE nspname = '{namespace}'")
        if there.first() is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {namespace}")
        connection.exec_driver_sql(NOTED.format(note_of(self, service)))

    def unused(self, connection: sa.Connection, *, at_all: bool = False) -> None:
        lock = "pg_try_advisory_xact_lock" if at_all else "pg_try_advisory_xact_lock_shared"
        until = time.monotonic() + self._sessions.LEFT_OVER_S
        while not connection.exec_driver_sql(f"SELECT {lock}({self._sessions.OURS})").scalar():
            if time.monotonic() >= until:
                raise already_running(self.where)
            time.sleep(0.05)

    def _wait(self, wanted: Coroutine[Any, Any, T]) -> T:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, as the caller may be in one
            try:
                return thread.submit(asyncio.run, wanted).result()
            except self._sessions.TROUBLE as error:
                raise StoreUnusable(f"{self.where}: {explain.postgres(error)}") from error


def createdb(url: str) -> str:
    """The command that makes the database of a URL."""
    parts = urlsplit(url)
    more = dict(parse_qsl(parts.query))  # a socket's folder is no host name
    host, port = parts.hostname or more.get("host"), parts.port or more.get("port")
    options = [("-h", host), ("-p", port), ("-U", unquote(parts.username or ""))]
    given = [word for option, value in options if value for word in (option, str(value))]
    return shlex.join(["createdb", *given, unquote(parts.path[1:])])


def checked(schemas: Mapping[str, str]) -> Mapping[str, str]:
    for service, schema in schemas.items():
        if not _NAME.fullmatch(schema):
            raise StoreUnusable(
                f"schema {schema!r} of {service}: a schema is named with small letters, digits and _, "
                f"from a letter on"
            )
    if len(set(schemas.values())) < len(schemas):
        raise StoreUnusable(
            f"two services cannot share a schema: "
            f"{', '.join(f'{name} = {schema}' for name, schema in schemas.items())}"
        )
    return schemas
