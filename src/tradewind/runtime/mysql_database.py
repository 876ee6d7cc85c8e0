"""Changes the schema of a MySQL database, which commits each such change by itself, so that a process that is
killed between two of them leaves something that the next one goes on with.

What is to be done is written down first, in one transaction, as the statements of a plan. Each is carried out
and then crossed off. Of the first that is left it is not known whether it was done: where the server says so,
it was. The note that a step was taken is the last statement of its plan, so no step counts as taken before it
is whole; the note of one that is undone is removed with the first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa

from ..core.store import StoreUnusable
from ..drivers import explain
from ..drivers.mysql import sessions
from ..drivers.mysql.sql import MysqlSql
from ..drivers.server_store import already_running
from .databases import BEFORE_COMMIT, NONE, PATIENCE_S, PLAN, STEPS, TURN_S, checked

BINARY = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
TABLES = (
    f"CREATE TABLE IF NOT EXISTS {{note}} (step VARCHAR(255) {BINARY} PRIMARY KEY) ENGINE InnoDB",
    f"CREATE TABLE IF NOT EXISTS {{plan}} (place INT PRIMARY KEY, statement LONGTEXT {BINARY} NOT NULL, "
    "failed BOOLEAN NOT NULL DEFAULT FALSE) ENGINE InnoDB",
)
CHANGES_SCHEMA = ("CREATE", "ALTER", "DROP", "RENAME")
NO_DATABASE = 1049
# a table, a column, an index or a constraint that is there already, or is not there any more
DONE = (1050, 1051, 1060, 1061, 1091, 1146, 1826, 3821, 3822, 4092)
T = TypeVar("T")


class MysqlServer:
    """Implements `databases.Database`."""

    planned = True

    def __init__(self, url: str, schemas: Mapping[str, str] = NONE) -> None:
        self._url, self._schemas = url, checked(schemas)
        self.where, self.sql = sessions.where(url), MysqlSql(schemas)

    def namespace(self, service: str) -> str:
        return self._schemas.get(service, service)

    def _called(self, service: str, table: str) -> str:
        return self.sql.name(sa.Table(table, sa.MetaData(schema=service)))

    def taken(self, services: Sequence[str]) -> dict[str, list[str]]:
        return self._wait(self._taken({self._called(service, STEPS): service for service in services}))

    async def _taken(self, tables: Mapping[str, str]) -> dict[str, list[str]]:
        connection = await self._connect()
        try:
            listed = ", ".join(f"'{name}'" for name in tables)
            found, _ = await sessions.ask(
                connection,
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
                f"AND table_name IN ({listed})",
            )
            taken = {}
            for (name,) in found:
                steps, _ = await sessions.ask(connection, f"SELECT step FROM {name} ORDER BY step")
                taken[tables[name]] = [step for (step,) in steps]
            return taken
        finally:
            connection.close()

    def work(self, do: Callable[[sa.Connection], T]) -> T:
        return self._wait(self._work(do))

    async def _work(self, do: Callable[[sa.Connection], T]) -> T:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def creator() -> Any:
            connection = await self._connect(PATIENCE_S)
            await connection.autocommit(False)
            return connection

        engine = create_async_engine("mysql+asyncmy://", async_creator=creator, poolclass=sa.NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(do)

    async def _connect(self, patience: int = 0) -> Any:
        try:
            return await sessions.connect(self._url, patience=patience)
        except StoreUnusable as error:
            if sessions.code(error.__cause__ or error) != NO_DATABASE:
                raise
            raise StoreUnusable(
                f"{self.where}: there is no such database: make it with `CREATE DATABASE`, or name another"
            ) from error

    def alone(self, connection: sa.Connection) -> None:
        """Its turn ends with the connection."""
        own, _ = sessions.locks_of(self._url)
        if not connection.exec_driver_sql(f"SELECT GET_LOCK('{own}-turn', {TURN_S})").scalar():
            raise StoreUnusable(f"{self.where}: another process has been changing the schema for {TURN_S} s")

    def unused(self, connection: sa.Connection, *, at_all: bool = False) -> None:
        own, slots = sessions.locks_of(self._url)
        used = sessions.in_use([own, *slots] if at_all else [own])
        until = time.monotonic() + sessions.LEFT_OVER_S
        while connection.exec_driver_sql(f"SELECT {used}").scalar():
            if time.monotonic() >= until:
                raise already_running(self.where)
            time.sleep(0.05)

    def lay(self, connection: sa.Connection, service: str) -> None:
        """Where steps are noted and planned; a plan that was left is carried out."""
        note, plan = self._called(service, STEPS), self._called(service, PLAN)
        listed = f"table_schema = DATABASE() AND table_name IN ('{note}', '{plan}')"
        there = connection.exec_driver_sql(f"SELECT count(*) FROM information_schema.tables WHERE {listed}")
        if there.scalar() != 2:  # a user who may not make tables may still use what is there
            for text in TABLES:
                connection.exec_driver_sql(text.format(note=note, plan=plan))
        self._carry_out(connection, plan, left=True)

    def change(
        self, connection: sa.Connection, service: str, statements: Sequence[str], first: Sequence[str] = ()
    ) -> None:
        """Carries statements out as a plan; `first` with its writing down. Errors: sqlalchemy's; what was
        carried out stays.
        """
        plan = self._called(service, PLAN)
        for text in first:
            connection.exec_driver_sql(text)
        if not statements:
            connection.exec_driver_sql("COMMIT")
            return
        connection.execute(
            sa.text(f"INSERT INTO {plan} (place, statement) VALUES (:place, :statement)"),
            [{"place": place, "statement": text} for place, text in enumerate(statements)],
        )
        connection.exec_driver_sql("COMMIT")
        self._carry_out(connection, plan, left=False)

    def _carry_out(self, connection: sa.Connection, plan: str, *, left: bool) -> None:
        rows = connection.exec_driver_sql(f"SELECT place, statement, failed FROM {plan} ORDER BY place").all()
        connection.exec_driver_sql("COMMIT")
        for number, (place, statement, failed) in enumerate(rows):
            try:
                connection.exec_driver_sql(statement.replace("%", "%%"))
            except sa.exc.DBAPIError as error:
                unsure = left and not number and not failed and statement.startswith(CHANGES_SCHEMA)
                if not unsure or sessions.code(error.orig or error) not in DONE:
                    self._failed(connection, plan, place if left or number else None)
                    raise
            BEFORE_COMMIT()
            connection.exec_driver_sql(f"DELETE FROM {plan} WHERE place = {place}")
            connection.exec_driver_sql("COMMIT")

    @staticmethod
    def _failed(connection: sa.Connection, plan: str, place: int | None) -> None:
        """A plan of which nothing was carried out is given up: a mended step makes another."""
        connection.exec_driver_sql("ROLLBACK")
        marked = f"UPDATE {plan} SET failed = TRUE WHERE place = {place}"
        connection.exec_driver_sql(f"DELETE FROM {plan}" if place is None else marked)
        connection.exec_driver_sql("COMMIT")

    def _wait(self, wanted: Coroutine[Any, Any, T]) -> T:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, as the caller may be in one
            try:
                return thread.submit(asyncio.run, wanted).result()
            except sessions.TROUBLE as error:
                raise StoreUnusable(f"{self.where}: {explain.mysql(error)}") from error
