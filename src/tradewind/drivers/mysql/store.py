"""Keeps a shop in one MySQL or MariaDB database, beside the tables of whoever else has some there.

One connection writes; a few others read committed rows. A lost connection raises StoreUnavailable once and is
opened again at the next `begin`: a caller with a cache then knows that others may have written since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from ...core.model import Ag, Table
from ...core.schema import codec
from ...core.store import RowRefused, Statement, StoreUnavailable, StoreUnusable
from .. import explain
from ..server_store import ServerTransaction
from ..sql import last_of_each, storable
from . import sessions
from .sessions import TROUBLE, Connection, Pool
from .sql import MysqlSql, filled, selected, values

READ_ONLY = "SELECT @@global.read_only"
PACKET = 2_000_000
"""Characters of a statement with many rows: a server takes 16 MB and more as one."""


class MysqlStore:
    """A database of this process alone."""

    kind = "mysql"
    exclusive = True

    def __init__(self, url: str, *, schemas: Mapping[str, str] | None = None) -> None:
        self.url = url
        self._sql = MysqlSql(schemas)
        self._writer: Connection | None = None
        self._readers: Pool | None = None

    async def open(self) -> None:
        self._writer = await self._connect(sessions.LEFT_OVER_S)
        self._readers = sessions.pool(self.url)

    async def close(self) -> None:
        writer, readers, self._writer, self._readers = self._writer, self._readers, None, None
        if readers is not None:
            readers.terminate()
            await self._end(readers.wait_closed())
        if writer is not None:
            await self._end(writer.ensure_closed())
            writer.close()

    @staticmethod
    async def _end(closing: Any) -> None:
        with suppress(*TROUBLE):
            await asyncio.wait_for(closing, sessions.CONNECT_S)

    async def erase_traces(self) -> bool:
        """The server's own: it purges old rows by itself, and its log is written over."""
        return True

    async def begin(self) -> MysqlTransaction:
        transaction = MysqlTransaction(self, await self.writer(), self._sql)
        await transaction.ask("START TRANSACTION")
        return transaction

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        transaction = MysqlTransaction(self, await self.writer(), self._sql)
        return await transaction.reserve(counters, name, count)

    async def writer(self) -> Connection:
        """The connection that writes, made anew where it was lost. Errors: StoreUnavailable."""
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        if self._writer is None:
            try:
                self._writer = await self._connect()
            except StoreUnusable as error:
                raise StoreUnavailable(str(error)) from error
        if self._writer.get_transaction_status():
            raise StoreUnavailable("a transaction is open already")
        return self._writer

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return list(await self._read(filled(text, arguments)))

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        text = self._sql.load_one(table.rows)
        found = await self._read(filled(text, [key])) if storable([key]) else []
        return codec(table).from_row(found[0]) if found else None

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        turn = codec(table).from_row
        return [turn(row) for row in await self.rows(statement, values)]

    async def _read(self, text: str) -> sessions.Rows:
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        for again in (True, False):
            try:
                async with (
                    asyncio.timeout(sessions.STATEMENT_S + sessions.CONNECT_S),
                    self._readers.acquire() as connection,
                ):
                    return (await sessions.run(connection, text.encode()))[0]
            except RuntimeError as error:  # the pool's, which somebody closes just now
                raise StoreUnavailable("the store is closed") from error
            except TROUBLE as error:
                if not again or isinstance(error, TimeoutError) or not sessions.lost(error):
                    raise sessions.translate(error) from error
                if self._readers is not None:  # one server had them all: the others are lost too
                    await self._readers.clear()
        raise AssertionError("unreachable")

    shared = False

    async def _connect(self, wait: float = 0) -> Connection:
        connection = await sessions.connect(self.url)
        try:
            await sessions.lock(connection, self.url, shared=self.shared, wait=wait)
            ((standby,),), _ = await sessions.ask(connection, READ_ONLY)
            if standby:
                raise StoreUnusable(f"{sessions.where(self.url)}: {explain.MYSQL[1290]}")
        except TROUBLE as error:
            connection.close()
            raise StoreUnusable(f"{sessions.where(self.url)}: {explain.mysql(error)}") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def drop(self, connection: Connection) -> None:
        connection.close()
        if self._writer is connection:
            self._writer = None


class MysqlTransaction(ServerTransaction[Connection]):
    trouble = TROUBLE
    lost = staticmethod(sessions.lost)
    translate = staticmethod(sessions.translate)

    def __init__(self, store: MysqlStore, connection: Connection, sql: MysqlSql) -> None:
        super().__init__(store, connection)
        self._sql = sql

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        keys = storable(keys)
        found, _ = await self.ask(self._sql.load_many(table.rows), tuple(keys)) if keys else ((), 0)
        turn = codec(table).from_row
        return [turn(row) for row in found]

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return list((await self.ask(text, *arguments))[0])

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        (((last,),), _) = await self.ask(self._sql.reserve(counters), name, count, count)
        return int(last) - count + 1

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._change(self._sql.insert(table), table, rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._change(self._sql.update(table), table, last_of_each(rows), joined=True)

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._change(self._sql.upsert(table), table, last_of_each(rows))

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        if keys := storable(list(ids)):
            await self.ask(self._sql.delete(table), tuple(keys))

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        return (await self.ask(self._sql.trim(table, column), below, limit))[1]

    async def _change(
        self, text: str, table: sa.Table, rows: Sequence[tuple[Any, ...]], *, joined: bool = False
    ) -> None:
        for some in self._pieces(rows):
            await self._send(text, self._written(text, table, some, joined))

    @staticmethod
    def _pieces(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
        """So many rows as a statement takes."""
        first = size = 0
        for i, row in enumerate(rows):
            size += sum([len(value) if type(value) is str else 8 for value in row])
            if size > PACKET and i > first:
                yield rows[first:i]
                first, size = i, 0
        if rows:
            yield rows[first:]

    def _written(self, text: str, table: sa.Table, rows: Sequence[tuple[Any, ...]], joined: bool) -> bytes:
        """A statement with its rows in it. Errors: RowRefused."""
        try:
            said = text % (selected(table, rows) if joined else values(rows))
            if "\0" in said:
                raise RowRefused("a text has a NUL in it, which no database of ours keeps")
            return said.encode()
        except (RowRefused, UnicodeEncodeError) as error:
            self._refused = True
            raise RowRefused(str(error)) from error

    async def commit(self) -> None:
        if self._refused:
            raise StoreUnavailable("not committed, because something in it was refused")
        await self.ask("COMMIT")

    async def rollback(self) -> None:
        if self._connection.connected and self._connection.get_transaction_status():
            await self.ask("ROLLBACK")

    async def ask(self, text: str, *arguments: Any) -> tuple[sessions.Rows, int]:
        return await self._send(text, filled(text, arguments).encode())

    async def _send(self, text: str, statement: bytes) -> tuple[sessions.Rows, int]:
        """`text` is what is recorded of it: it has no values."""
        with self._watched(text):
            return await sessions.ask(self._connection, statement)
