"""Survives crashes: the database of a schedule, and a store on it that fails as real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from ...chassis.model import Ag, Table
from ...chassis.store import migrations
from ...chassis.store.databases import STEPS
from ...chassis.store.opening import FILE
from ...chassis.store.port import Statement, StoreUnavailable
from ...chassis.store.sql import SqliteSql
from ...chassis.store.sqlite import SqliteStore, SqliteTransaction, connect
from ..schema import SLICES
from .weather import Weather


class Disk:
    """One database in memory, with the tables that the schema steps make; emptied before each schedule, since that is faster than a new one."""

    def __init__(self) -> None:
        self.sql = SqliteSql()
        self.connection = connect(":memory:")
        with TemporaryDirectory() as folder:
            migrations.up("", Path(folder), list(SLICES.values()))
            made = connect(str(Path(folder) / FILE))
            made.backup(self.connection)
            made.close()
        names = [name for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        self._tables = [name for name in names if not name.endswith(STEPS)]

    def wipe(self) -> None:
        self.cut()
        for name in self._tables:
            self.connection.execute(f"DELETE FROM {name}")

    def cut(self) -> None:
        """The power is gone: what was not committed never was."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def rows(self) -> Iterator[tuple[Any, ...]]:
        for name in self._tables:
            yield (name,)
            yield from self.connection.execute(f"SELECT * FROM {name} ORDER BY 1")


class WeatheredStore(SqliteStore):
    """One life's way to the disk. `alive` raises once that life has ended."""

    def __init__(self, disk: Disk, weather: Weather, alive: Callable[[], None]) -> None:
        super().__init__(":memory:", commit_inline=True)
        self._sql = disk.sql
        self._disk, self._weather, self._alive = disk, weather, alive
        self.trouble = weather.store_fails / 10  # of single statements
        self._free = asyncio.Event()
        self._free.set()

    async def open(self) -> None:
        self._alive()
        self._writer = self._reader = self._disk.connection

    async def close(self) -> None:
        self._writer = self._reader = None

    async def begin(self) -> SqliteTransaction:
        await self.wait()
        self.fail(self._weather.store_fails, "locked")
        self.writer.execute("BEGIN IMMEDIATE")
        self._free.clear()
        return WeatheredTransaction(self, self.writer, self._sql, None)

    async def rows(self, statement: Statement, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        await self._read()
        return await super().rows(statement, values)

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        await self._read()
        return await super().get(table, key)

    async def _read(self) -> None:
        """Readers see what is committed. Here they share the writer's connection, so they wait for its commit."""
        await self.wait()
        while not self._free.is_set():
            await self._free.wait()
            self._alive()
        self.fail(self._weather.store_fails, "no reader")

    async def wait(self) -> None:
        self._alive()
        await asyncio.sleep(self._weather.disk_s())
        self._alive()

    def fail(self, share: float, why: str) -> None:
        self._alive()
        if self._weather.strikes(share):
            raise StoreUnavailable(f"simulated: {why}")

    def commit_fates(self) -> tuple[bool, bool]:
        """Whether a commit fails, and whether one that succeeds is reported."""
        return self._weather.strikes(self._weather.commit_fails), self._weather.strikes(self._weather.commit_unknown)

    def ended(self) -> None:
        self._free.set()


class WeatheredTransaction(SqliteTransaction):
    def __init__(self, store: WeatheredStore, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._store = store

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        self._store.fail(self._store.trouble, "load")
        return await super().load(table, keys)

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._store.fail(self._store.trouble, "insert")
        await super().insert(table, rows)

    async def commit(self) -> None:
        await self._store.wait()
        fails, unknown = self._store.commit_fates()
        if fails:
            raise StoreUnavailable("simulated: disk full")
        await super().commit()
        self._store.ended()
        await self._store.wait()
        if unknown:
            raise StoreUnavailable("simulated: the answer to COMMIT was lost")

    async def rollback(self) -> None:
        await super().rollback()
        self._store.ended()
        self._store.fail(self._store.trouble, "rollback")
