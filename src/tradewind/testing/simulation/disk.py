"""Survives crashes: the database of a schedule, and a store on it that fails as real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from ...contracts.values import stamp
from ...core.model import Ag, Table
from ...core.store import Statement, Store, StoreUnavailable, Transaction
from ...drivers.sqlite.store import SqliteStore, connect
from ...runtime import migrations
from ...runtime.databases import STEPS
from ...runtime.schema import schemas
from ...runtime.stores import FILE
from .trace import Trace
from .weather import Weather


class Disk:
    """One database in memory, with the tables that the schema steps make. It is emptied before each schedule:
    faster than a new one.
    """

    def __init__(self) -> None:
        self.store = SqliteStore(":memory:", commit_inline=True)
        asyncio.run(self.store.open())
        self.connection = self.store.writer
        with TemporaryDirectory() as folder:
            migrations.up("", Path(folder), schemas())
            made = connect(str(Path(folder) / FILE))
            made.backup(self.connection)
            made.close()
        names = [
            name
            for (name,) in self.connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]
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

    def statuses(self) -> list[str]:
        """Of all orders."""
        return [status for (status,) in self.connection.execute("SELECT status FROM orders_orders")]

    def timeline(self, about: Iterable[str]) -> list[str]:
        """Every event about these ids, in the order in which they were said."""
        said: list[tuple[Any, ...]] = []
        for table in [name for name in self._tables if name.endswith("_log")]:
            columns = f"at, id, '{table.removesuffix('_log')}', name, key, trace"
            for key in sorted(about):
                said += self.connection.execute(f"SELECT {columns} FROM {table} WHERE key = ?", (key,))
        return [
            f"{stamp(at)}  {speaker:<14} {name:<20} {key} {trace}".rstrip()
            for at, _, speaker, name, key, trace in sorted(said)
        ]


class WeatheredStore(Store):
    """One life's way to the disk. `alive` raises once that life has ended."""

    exclusive = True
    kind = "sqlite"

    def __init__(self, disk: Disk, weather: Weather, trace: Trace, alive: Callable[[], None]) -> None:
        self._store, self.weather, self._trace, self._alive = disk.store, weather, trace, alive
        self._free = asyncio.Event()
        self._free.set()

    async def open(self) -> None:
        self._alive()

    async def close(self) -> None:
        """The disk stays."""

    async def begin(self) -> Transaction:
        await self.wait()
        self.fail(self.weather.store_fails, "locked")
        begun = await self._store.begin()
        self._free.clear()
        return WeatheredTransaction(self, begun)

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        await self.wait()
        self.fail(self.weather.store_fails, "locked")
        first = await self._store.reserve(counters, name, count)
        self.fail(self.weather.commit_unknown, "reserved, and nobody knows")
        return first

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        await self._read()
        return await self._store.rows(statement, values)

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        await self._read()
        return await self._store.get(table, key)

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        await self._read()
        return await self._store.find(table, statement, values)

    async def _read(self) -> None:
        """Readers see what is committed. Here they share the writer's connection, so they wait for its
        commit.
        """
        await self.wait()
        while not self._free.is_set():
            await self._free.wait()
            self._alive()
        self.fail(self.weather.store_fails, "no reader")

    async def wait(self) -> None:
        self._alive()
        await asyncio.sleep(self.weather.disk_s())
        self._alive()

    def fail(self, share: float, why: str) -> None:
        self._alive()
        if self.weather.strikes(share):
            self._trace.note("store fails", says=why)
            raise StoreUnavailable(f"simulated: {why}")

    def ended(self) -> None:
        """A transaction is over: who reads may go on."""
        self._free.set()


class WeatheredTransaction(Transaction):
    statements = None

    def __init__(self, store: WeatheredStore, begun: Transaction) -> None:
        self._store, self._begun, self._seldom = store, begun, store.weather.store_fails / 10

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        self._store.fail(self._seldom, "load")
        return await self._begun.load(table, keys)

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        return await self._begun.rows(statement, values)

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._store.fail(self._seldom, "insert")
        await self._begun.insert(table, rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._begun.update(table, rows)

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._begun.upsert(table, rows)

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        await self._begun.delete(table, ids)

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        return await self._begun.trim(table, column, below, limit)

    async def commit(self) -> None:
        await self._store.wait()
        self._store.fail(self._store.weather.commit_fails, "commit, nothing is kept")
        await self._begun.commit()
        self._store.ended()
        await self._store.wait()
        self._store.fail(self._store.weather.commit_unknown, "commit, all is kept and nobody knows")

    async def rollback(self) -> None:
        await self._begun.rollback()
        self._store.ended()
        self._store.fail(self._seldom, "rollback")
