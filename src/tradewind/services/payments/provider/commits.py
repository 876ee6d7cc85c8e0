"""Lets calls that arrive while a commit is under way share the next one: a commit waits for the disk, and a
commit per call would make every caller wait for every other.

The SQL runs in the event loop's thread, only COMMIT in a thread of its own; nothing touches the connection
meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ....drivers.sqlite.committing import Committing
from .port import ProviderDown, Refusal


class Db(Protocol):
    """What the work needs of a connection; `sqlite3` itself is the ledger's."""

    @property
    def total_changes(self) -> int: ...
    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any: ...
    def close(self) -> None: ...


T = TypeVar("T")
Work = Callable[[Db], T]
Asked = tuple[Work[Any], asyncio.Future[Any]]
Settled = tuple[asyncio.Future[Any], Any]

MOST_IN_A_BATCH = 512
MOST_WAITING = 20_000


class Commits:
    def __init__(self, db: Db, *, errors: type[Exception], inline: bool = False) -> None:
        """`errors` are those of the database: the waiting callers get ProviderDown. Any other error is a bug
        and is raised too.
        """
        self._db, self._errors = db, errors
        self._committing = Committing("provider-commit", inline=inline)
        self._waiting: list[Asked] = []
        self._busy = False
        self._closed = False
        self.made = 0

    def ask(self, work: Work[T]) -> asyncio.Future[T]:
        """Runs `work` in a transaction, answers when it is on disk. A `Refusal` or a wrong value is its own
        caller's alone: so `work` checks before it writes.
        """
        if self._closed or len(self._waiting) >= MOST_WAITING:
            raise ProviderDown("closed" if self._closed else "overloaded")
        return self._put(work)

    async def close(self) -> None:
        """What was asked before is still answered."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._put(lambda _: None)
        finally:
            self._committing.close()
            self._db.close()

    def _put(self, work: Work[T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._turn)
        return future

    def _turn(self) -> None:
        batch, self._waiting = self._waiting[:MOST_IN_A_BATCH], self._waiting[MOST_IN_A_BATCH:]
        settled: list[Settled] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            before = self._db.total_changes
            settled = [(future, self._try(work)) for work, future in batch if not future.cancelled()]
            changes = self._db.total_changes - before
            if changes and not self._committing.at_once(changes):
                committing = self._committing.there(self._commit)
                committing.add_done_callback(lambda done: self._committed(settled, done.exception()))
                return
            self._committing.here(self._commit)
        except BaseException as error:
            self._finish([(future, ProviderDown("ledger failed")) for _, future in batch])
            if not isinstance(error, self._errors):
                raise
        else:
            self._finish(settled)

    def _try(self, work: Work[Any]) -> Any:
        try:
            return work(self._db)
        except (Refusal, ValueError, ArithmeticError) as error:
            return error

    def _commit(self) -> None:
        self._db.execute("COMMIT")
        self.made += 1

    def _committed(self, settled: list[Settled], error: BaseException | None) -> None:
        self._finish(
            settled if error is None else [(future, ProviderDown("ledger failed")) for future, _ in settled]
        )

    def _finish(self, settled: list[Settled]) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        finally:
            for future, result in settled:
                if future.done():
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
            self._busy = bool(self._waiting)
            if self._busy:
                asyncio.get_running_loop().call_soon(self._turn)
