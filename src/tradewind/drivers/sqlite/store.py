"""Keeps everything in one SQLite file, so that a real shop starts with nothing to install.

SQL runs in the event-loop thread and only `COMMIT`, which waits for the disk, in a thread of its own:
measured against writer threads, a seventh more throughput and a tenth of the p99 at low load. Readers have a
connection of their own and see what is committed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from ...core.model import Ag, Table
from ...core.schema import codec
from ...core.store import RowRefused, Statement, StoreUnavailable, StoreUnusable
from .. import explain
from ..sql import SqliteSql, storable
from .committing import Committing
from .files import make_private

CACHE_KIB = 8_192
BUSY_MS, LOOP_BUSY_MS = 2_000, 5
# 16 MiB of log between two checkpoints: hot pages are copied into the file once, not at every other batch
CHECKPOINT_PAGES = 4_000
TROUBLE = (sqlite3.Error, OverflowError, UnicodeEncodeError)


def connect(path: str, *, reader: bool = False) -> sqlite3.Connection:
    """A connection with our settings. Errors: StoreUnusable, with the way out."""
    try:
        if not reader:
            make_private(path)
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if not reader:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            # what is deleted is overwritten, also in pages that become free
            connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB if not reader else CACHE_KIB // 4}")
        connection.execute("PRAGMA temp_store=MEMORY")
        if reader:
            connection.execute("PRAGMA query_only=1")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise StoreUnusable(f"{path}: {explain.sqlite(error)}") from error
    return connection


def _translate(error: Exception) -> Exception:
    refused = isinstance(
        error, (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)
    ) or "binding" in str(error)
    return RowRefused(str(error)) if refused else StoreUnavailable(explain.sqlite(error))


class SqliteStore:
    """The store of one process. `commit_inline` keeps even COMMIT in the loop: for a simulation, where
    threads would be chance.
    """

    exclusive = True
    kind = "sqlite"

    def __init__(self, path: Path | str, *, commit_inline: bool = False) -> None:
        self.path = str(path)
        self._sql = SqliteSql()
        self._commit_inline = commit_inline
        self._committing = Committing("commit", inline=commit_inline)
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self) -> None:
        self._committing = Committing("commit", inline=self._commit_inline)
        self._writer = connect(self.path)
        # it is the event loop that would wait for another's lock: rather fail at once, and let the batch be
        # tried again
        self._writer.execute(f"PRAGMA busy_timeout={LOOP_BUSY_MS}")
        self._reader = self._writer if self.path == ":memory:" else connect(self.path, reader=True)

    async def close(self) -> None:
        self._committing.close()
        for connection in {self._writer, self._reader}:
            if connection is not None:
                connection.close()
        self._writer = self._reader = None

    @property
    def writer(self) -> sqlite3.Connection:
        if self._writer is None:
            raise StoreUnavailable("the store is closed")
        return self._writer

    async def begin(self) -> SqliteTransaction:
        connection = self.writer
        _all(connection, "BEGIN IMMEDIATE", ())
        return SqliteTransaction(connection, self._sql, self._committing, self._look_away)

    async def erase_traces(self) -> bool:
        """Empties the write-ahead log, which has older pages. False while an outside reader holds it."""
        self._look_away()
        if self._commit_inline:
            return self._empty_log()
        return await asyncio.get_running_loop().run_in_executor(None, self._empty_log)

    def _empty_log(self) -> bool:
        return bool(_all(self.writer, "PRAGMA wal_checkpoint(TRUNCATE)", ())[0][0] == 0)

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        transaction = await self.begin()
        try:
            ((last,),) = _all(self.writer, self._sql.reserve(counters), (name, count))
            await transaction.commit()
        except BaseException:
            await transaction.rollback()
            raise
        return int(last) - count + 1

    def _look(self) -> None:
        """Opens a view of what is committed, for all reads until the next commit: opening one per read would
        cost two locks each.
        """
        if self._reader is not None and self._reader is not self._writer and not self._reader.in_transaction:
            _all(self._reader, "BEGIN", ())

    def _look_away(self) -> None:
        """Ends the view, since it has become old. An open one would also keep the log from being emptied."""
        if self._reader is not None and self._reader is not self._writer and self._reader.in_transaction:
            _all(self._reader, "COMMIT", ())

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        text, arguments = self._sql.compiled(statement, values)
        self._look()
        return _all(self._reader, text, arguments)

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        self._look()
        found = _all(self._reader, self._sql.load_one(table.rows), (key,)) if storable([key]) else []
        return codec(table).from_row(found[0]) if found else None

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        turn = codec(table).from_row
        return [turn(row) for row in await self.rows(statement, values)]


def _all(
    connection: sqlite3.Connection | _Timed, text: str, arguments: Sequence[Any]
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(text, arguments).fetchall()
    except TROUBLE as error:
        raise _translate(error) from error


class _Timed:
    """A connection whose statements are recorded, so that those of other transactions pay nothing for it."""

    def __init__(self, connection: sqlite3.Connection, statements: list[tuple[str, float, float]]) -> None:
        self._connection, self.statements = connection, statements

    def execute(self, text: str, arguments: Sequence[Any] = ()) -> sqlite3.Cursor:
        began = perf_counter()
        cursor = self._connection.execute(text, arguments)
        self.statements.append((text, began, perf_counter()))
        return cursor

    def executemany(self, text: str, rows: Sequence[Sequence[Any]]) -> sqlite3.Cursor:
        began = perf_counter()
        cursor = self._connection.executemany(text, rows)
        self.statements.append((text, began, perf_counter()))
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class SqliteTransaction:
    _untimed: sqlite3.Connection
    _connection: sqlite3.Connection | _Timed

    def __init__(
        self,
        connection: sqlite3.Connection,
        sql: SqliteSql,
        committing: Committing,
        ended: Callable[[], None],
    ) -> None:
        self._connection = self._untimed = connection
        self._sql, self._committing, self._ended = sql, committing, ended
        self._before = connection.total_changes
        self._refused = False

    @property
    def statements(self) -> list[tuple[str, float, float]] | None:
        return self._connection.statements if isinstance(self._connection, _Timed) else None

    @statements.setter
    def statements(self, found: list[tuple[str, float, float]] | None) -> None:
        self._connection = self._untimed if found is None else _Timed(self._untimed, found)

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        keys = storable(keys)
        if len(keys) == 1:
            found = _all(self._connection, self._sql.load_one(table.rows), keys)
        else:
            found = _all(self._connection, self._sql.load_many(table.rows), (self._sql.encode(keys),))
        turn = codec(table).from_row
        return [turn(row) for row in found]

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return _all(self._connection, text, arguments)

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._many(self._sql.insert(table), rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._many(self._sql.update(table), [(*row[1:], row[0]) for row in rows])

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._many(self._sql.upsert(table), rows)

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        self._many(self._sql.delete(table), [(key,) for key in storable(list(ids))])

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        try:
            return self._connection.execute(self._sql.trim(table, column), (below, limit)).rowcount
        except TROUBLE as error:
            raise _translate(error) from error

    def _many(self, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
        try:
            if "\0" in "".join([value for row in rows for value in row if type(value) is str]):
                raise RowRefused("a text has a NUL in it, which no database of ours keeps")
            if len(rows) == 1:
                self._connection.execute(text, rows[0])
            elif rows:
                self._connection.executemany(text, rows)
        except RowRefused:
            self._refused = True
            raise
        except TROUBLE as error:
            self._refused = True  # rows before the bad one are in: only a rollback is right now
            raise _translate(error) from error

    async def commit(self) -> None:
        if self._refused:
            raise StoreUnavailable("not committed, because something in it was refused")
        try:
            if self._committing.at_once(self._connection.total_changes - self._before):
                self._committing.here(self._commit)
            else:
                await self._committing.there(self._commit)
        except TROUBLE as error:
            raise _translate(error) from error
        finally:
            self._ended()

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise StoreUnavailable(str(error)) from error
