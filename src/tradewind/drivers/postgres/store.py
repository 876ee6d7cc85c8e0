"""Keeps a schema per service in one PostgreSQL database, so that a shop can outgrow a file and be maintained
in the usual ways.

One connection writes; a few others read committed rows. A lost connection raises StoreUnavailable once and is
opened again at the next `begin`: a caller with a cache then knows that others may have written since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...core.model import Ag, Table
from ...core.schema import codec
from ...core.store import Statement, StoreUnavailable, StoreUnusable
from .. import explain
from ..server_store import ServerTransaction, already_running
from ..sql import PostgresSql, last_of_each, storable
from . import sessions
from .sessions import TROUBLE, Connection, Pool

DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


class PostgresStore:
    """A database of this process alone."""

    kind = "postgres"
    exclusive = True
    lock = "SELECT pg_try_advisory_lock($1)"

    def __init__(self, url: str, *, schemas: Mapping[str, str] | None = None) -> None:
        self.url = url
        self._sql = PostgresSql(schemas)
        self._writer: Connection | None = None
        self._readers: Pool | None = None

    async def open(self) -> None:
        self._writer = await self._connect(sessions.LEFT_OVER_S)
        self._readers = sessions.pool(self.url)
        try:
            await self._readers
        except StoreUnusable:
            await self.close()
            raise

    async def close(self) -> None:
        writer, readers, self._writer, self._readers = self._writer, self._readers, None, None
        for ours in (writer, readers):
            if ours is not None:
                try:
                    await asyncio.wait_for(ours.close(), sessions.CONNECT_S)
                except TROUBLE:
                    ours.terminate()

    async def erase_traces(self) -> bool:
        """The server's own: VACUUM reuses the space of old rows, and its log goes with its checkpoints."""
        return True

    async def begin(self) -> PostgresTransaction:
        transaction = PostgresTransaction(self, await self.writer(), self._sql)
        await transaction.run("BEGIN")
        return transaction

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        transaction = PostgresTransaction(self, await self.writer(), self._sql)
        ((last,),) = await transaction.ask(self._sql.reserve(counters), name, count)
        return int(last) - count + 1

    async def writer(self) -> Connection:
        """The connection that writes, made anew where it was lost. Errors: StoreUnavailable."""
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        if self._writer is None:
            try:
                self._writer = await self._connect()
            except StoreUnusable as error:
                raise StoreUnavailable(str(error)) from error
        if self._writer.is_in_transaction():
            raise StoreUnavailable("a transaction is open already")
        return self._writer

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return [tuple(row) for row in await self._read(text, *arguments)]

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        found = await self._read(self._sql.load_one(table.rows), key) if storable([key]) else []
        return codec(table).from_row(found[0]) if found else None

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        turn = codec(table).from_row
        return [turn(row) for row in await self.rows(statement, values)]

    async def _read(self, text: str, *arguments: Any) -> list[Any]:
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        for again in (True, False):
            try:
                async with asyncio.timeout(sessions.STATEMENT_S + sessions.CONNECT_S):
                    return await self._readers.fetch(text, *arguments)
            except (*TROUBLE, StoreUnusable) as error:
                if not again or isinstance(error, (TimeoutError, StoreUnusable)) or not sessions.lost(error):
                    raise sessions.translate(error) from error
                await (
                    self._readers.expire_connections()
                )  # one server had them all: what is true of this one is true of the others
        raise AssertionError("unreachable")

    async def _connect(self, wait: float = 0) -> Connection:
        connection = await sessions.connect(self.url)
        clock = asyncio.get_running_loop().time
        until = clock() + wait
        try:
            await connection.execute(DURABLE)
            while not await connection.fetchval(self.lock, sessions.OURS):
                if clock() >= until:
                    raise already_running(sessions.where(self.url))
                await asyncio.sleep(0.05)
        except TROUBLE as error:
            connection.terminate()
            raise StoreUnusable(f"{sessions.where(self.url)}: {explain.postgres(error)}") from error
        except BaseException:
            connection.terminate()
            raise
        return connection

    def drop(self, connection: Connection) -> None:
        connection.terminate()
        if self._writer is connection:
            self._writer = None


class PostgresTransaction(ServerTransaction[Connection]):
    trouble = TROUBLE
    lost = staticmethod(sessions.lost)
    translate = staticmethod(sessions.translate)

    def __init__(self, store: PostgresStore, connection: Connection, sql: PostgresSql) -> None:
        super().__init__(store, connection)
        self._sql = sql

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        keys = storable(keys)
        found = await self.ask(self._sql.load_many(table.rows), keys) if keys else []
        turn = codec(table).from_row
        return [turn(row) for row in found]

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return [tuple(row) for row in await self.ask(text, *arguments)]

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._many(self._sql.insert(table), rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._many(self._sql.update(table), last_of_each(rows))

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._many(self._sql.upsert(table), last_of_each(rows))

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        if keys := storable(list(ids)):
            await self.ask(self._sql.delete(table), keys)

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        return int((await self.run(self._sql.trim(table, column), below, limit)).removeprefix("DELETE "))

    async def _many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            await self.ask(text, *zip(*rows, strict=True))

    async def commit(self) -> None:
        if self._refused:
            raise StoreUnavailable("not committed, because something in it was refused")
        if await self.run("COMMIT") != "COMMIT":
            raise StoreUnavailable("rolled back by the server")

    async def rollback(self) -> None:
        if not self._connection.is_closed() and self._connection.is_in_transaction():
            await self.run("ROLLBACK")

    async def run(self, text: str, *arguments: Any) -> str:
        with self._watched(text):
            return await self._connection.execute(text, *arguments)

    async def ask(self, text: str, *arguments: Any) -> list[Any]:
        with self._watched(text):
            return await self._connection.fetch(text, *arguments)
