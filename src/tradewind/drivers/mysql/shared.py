"""Shares a MySQL database between processes, each of which may run in copies: no process has it alone, so the
database decides every race.

A batch goes out as one text of several statements, with its COMMIT: one round trip. The server stops at the
first that it refuses, before the COMMIT. Single rows that are read at the same time are read together.
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
from ..sql import storable
from . import sessions
from .sessions import Connection
from .sql import MysqlSql, filled
from .store import PACKET, MysqlStore, MysqlTransaction

BEGIN, COMMIT = b"START TRANSACTION", b"COMMIT"


class SharedStore(MysqlStore):
    """`begin` costs nothing, and every race ends with `Raced` for one of the two."""

    exclusive = False
    shared = True

    def __init__(self, url: str, *, schemas: Mapping[str, str] | None = None) -> None:
        super().__init__(url, schemas=schemas)
        self._together = ReadCoalescer(self._read_keys)
        self._writers = Writers(
            self._connect,
            alive=lambda connection: connection.connected,
            idle=lambda connection: not connection.get_transaction_status(),
            terminate=lambda connection: connection.close(),
        )

    async def begin(self) -> SharedTransaction:
        return SharedTransaction(self, await self.writer(), self._sql)

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        transaction = SharedTransaction(self, await self.writer(), self._sql)
        try:
            return await transaction.reserve(counters, name, count)
        finally:
            await transaction.rollback()  # it has begun nothing, and gives its connection back

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
            await self._end(connection.ensure_closed())
            connection.close()

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        many = by_key(text, self._sql.hole, self._sql.among)
        if many and isinstance(arguments[0], str):
            return await self._together.read(many, arguments[0])
        # in a task: the caller may have none of its own, and a deadline needs one
        return list(await asyncio.get_running_loop().create_task(self._read(filled(text, arguments))))

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        found = await self._together.read(self._sql.read_many(table.rows), key) if storable([key]) else []
        return codec(table).from_row(found[0]) if found else None

    async def _read_keys(self, text: str, keys: list[str]) -> sessions.Rows:
        return await self._read(filled(text, [keys]))


class SharedTransaction(MysqlTransaction):
    """Keeps its changes until `commit` or the next read; opens a transaction only for a read that locks, or
    for more than one change.
    """

    translate = staticmethod(sessions.translate_shared)

    def __init__(self, store: SharedStore, connection: Connection, sql: MysqlSql) -> None:
        super().__init__(store, connection, sql)
        self._shared = store
        self._open = self._begun = self._over = False
        self._texts: list[str] = []
        self._said: list[bytes] = []
        self._size = 0

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        await self._begin()
        return await super().load(table, keys)

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        if statement._for_update_arg is not None or self._said:
            await self._begin()
        return await super().rows(statement, values)

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        if keys := storable(list(ids)):
            text = self._sql.delete(table)
            await self._change_later(text, filled(text, [keys]).encode())

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        await self._begin()
        return await super().trim(table, column, below, limit)

    async def _change(
        self, text: str, table: sa.Table, rows: Sequence[tuple[Any, ...]], *, joined: bool = False
    ) -> None:
        for some in self._pieces(rows):
            await self._change_later(text, self._written(text, table, some, joined))

    async def _change_later(self, text: str, statement: bytes) -> None:
        if self._said and self._size + len(statement) > PACKET:
            await self._begin()
        self._texts.append(text)
        self._said.append(statement)
        self._size += len(statement)

    async def _begin(self) -> None:
        """A transaction, which begins with the next statement, and all changes so far in it."""
        self._open = True
        if self._said:
            await self._flush()

    async def ask(self, text: str, *arguments: Any) -> tuple[sessions.Rows, int]:
        return await self._send(text, b"; ".join([*self._beginning(), filled(text, arguments).encode()]))

    def _beginning(self) -> list[bytes]:
        if self._begun or not self._open:
            return []
        self._begun = True
        return [BEGIN]

    async def _flush(self, *after: bytes) -> None:
        texts, said = self._texts, self._said
        self._texts, self._said, self._size = [], [], 0
        record = "; ".join(texts or [part.decode() for part in after])
        await self._send(record, b"; ".join([*self._beginning(), *said, *after]))

    async def commit(self) -> None:
        if self._refused:
            raise StoreUnavailable("not committed, because something in it was refused")
        if self._open or len(self._said) > 1:
            self._open = True
            await self._flush(COMMIT)
        elif self._said:
            await self._flush()  # commits itself
        self._release()

    def _release(self) -> None:
        if not self._over:
            self._over = True
            self._shared.free(self._connection)

    async def rollback(self) -> None:
        self._texts, self._said = [], []
        try:
            await super().rollback()
        finally:
            self._release()
