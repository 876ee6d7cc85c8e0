"""Shares a PostgreSQL database between processes, each of which may run in copies: no process has it alone,
so the database decides every race.

A batch is written in one statement, which is one round trip and its own commit, as long as no read needs a
lock. Single rows that are read at the same time are read together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...core.model import Ag, Table
from ...core.schema import codec
from ...core.store import Statement, StoreUnavailable
from ..read_coalescer import ReadCoalescer, by_key
from ..server_store import Writers
from ..sql import JoinedSql, PostgresSql, joined, last_of_each, storable
from . import sessions
from .sessions import Connection
from .store import PostgresStore, PostgresTransaction


class SharedStore(PostgresStore):
    """`begin` costs nothing, and every race ends with `Raced` for one of the two."""

    exclusive = False
    lock = "SELECT pg_try_advisory_lock_shared($1)"

    def __init__(self, url: str, *, schemas: Mapping[str, str] | None = None) -> None:
        super().__init__(url, schemas=schemas)
        self.joined = JoinedSql(schemas)
        self._together = ReadCoalescer(self._read)
        self._writers = Writers(
            self._connect,
            alive=lambda connection: not connection.is_closed(),
            idle=lambda connection: not connection.is_in_transaction(),
            terminate=lambda connection: connection.terminate(),
        )

    async def begin(self) -> SharedTransaction:
        return SharedTransaction(self, await self.writer(), self._sql)

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        transaction = SharedTransaction(self, await self.writer(), self._sql)
        try:
            ((last,),) = await transaction.ask(self._sql.reserve(counters), name, count)
        finally:
            await transaction.rollback()  # it has begun nothing, and gives its connection back
        return int(last) - count + 1

    async def writer(self) -> Connection:
        """A free connection. Errors: StoreUnavailable."""
        if self._readers is None:
            raise StoreUnavailable("the store is closed")
        return await self._writers.take()

    def free(self, connection: Connection) -> None:
        """A transaction is over."""
        self._writers.free(connection)

    def drop(self, connection: Connection) -> None:
        self._writers.drop(connection)

    async def open(self) -> None:
        await super().open()
        assert self._writer is not None
        self._writers.add(self._writer)
        self._writer = None

    async def close(self) -> None:
        writers = self._writers.leave()
        await super().close()
        for connection in writers:
            try:
                await asyncio.wait_for(connection.close(), sessions.CONNECT_S)
            except sessions.TROUBLE:
                connection.terminate()

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        many = by_key(text, self._sql.hole, self._sql.among)
        if many and isinstance(arguments[0], str):
            return [tuple(row) for row in await self._together.read(many, arguments[0])]
        # in a task: the caller may have none of its own, and a deadline needs one
        return [
            tuple(row) for row in await asyncio.get_running_loop().create_task(self._read(text, *arguments))
        ]

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        found = await self._together.read(self._sql.read_many(table.rows), key) if storable([key]) else []
        return codec(table).from_row(found[0]) if found else None


class SharedTransaction(PostgresTransaction):
    """Keeps its changes until `commit` or the next read; opens a transaction only for a read that locks."""

    translate = staticmethod(sessions.translate_shared)

    def __init__(self, store: SharedStore, connection: Connection, sql: PostgresSql) -> None:
        super().__init__(store, connection, sql)
        self._shared, self._joined = store, store.joined
        self._open = self._over = False
        self._texts: list[str] = []
        self._arguments: list[Any] = []

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        await self._begin()
        return await super().load(table, keys)

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        if statement._for_update_arg is not None or self._texts:
            await self._begin()
        return await super().rows(statement, values)

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._change("insert", table, rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._change("update", table, last_of_each(rows))

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._change("upsert", table, last_of_each(rows))

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        self._change("delete", table, [(key,) for key in storable(list(ids))])

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        await self._begin()
        return await super().trim(table, column, below, limit)

    def _change(self, how: str, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            texts = joined(rows)
            self._texts.append(getattr(self._sql if texts is None else self._joined, how)(table))
            self._arguments += zip(*rows, strict=True) if texts is None else texts

    async def _begin(self) -> None:
        if not self._open:
            self._open = True
            await self.run("BEGIN")
        await self._flush()

    async def _flush(self) -> None:
        if self._texts:
            texts, arguments = tuple(self._texts), self._arguments
            self._texts, self._arguments = [], []
            await self.ask(self._sql.together(texts), *arguments)

    async def commit(self) -> None:
        await self._flush()
        if self._open:
            await super().commit()
        self._free()

    def _free(self) -> None:
        if not self._over:
            self._over = True
            self._shared.free(self._connection)

    async def rollback(self) -> None:
        self._texts, self._arguments = [], []
        try:
            if self._open:
                await super().rollback()
        finally:
            self._free()
