"""What the stores on a database server do alike, whatever its protocol: they keep the connections that write,
and watch each statement for what it says of its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from ..core.store import StoreUnavailable, StoreUnusable

WRITERS = 6
"""One is enough while nothing goes wrong: more than these are a leak."""
C = TypeVar("C")


class Drops(Protocol):
    def drop(self, connection: Any) -> None: ...


class Writers(Generic[C]):
    """The connections that write, of a store that processes share. One that is free is taken again, as long
    as it is `alive`; one that comes back in a transaction is not `idle`, and ends.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        *,
        alive: Callable[[C], bool],
        idle: Callable[[C], bool],
        terminate: Callable[[C], None],
    ) -> None:
        self._connect, self._alive, self._idle, self._terminate = connect, alive, idle, terminate
        self._all: set[C] = set()
        self._free: list[C] = []

    def add(self, connection: C) -> None:
        """A new one, free."""
        self._all.add(connection)
        self._free.append(connection)

    async def take(self) -> C:
        """A lost one needs no report: nothing is cached. Errors: StoreUnavailable."""
        while self._free:
            connection = self._free.pop()
            if self._alive(connection):
                return connection
            self._all.discard(connection)
        if len(self._all) >= WRITERS:
            raise StoreUnavailable(f"{WRITERS} transactions are open")
        try:
            connection = await self._connect()
        except StoreUnusable as error:
            raise StoreUnavailable(str(error)) from error
        self._all.add(connection)
        return connection

    def free(self, connection: C) -> None:
        """A transaction is over."""
        if not self._alive(connection) or not self._idle(connection):
            self.drop(connection)
        elif connection in self._all:
            self._free.append(connection)

    def drop(self, connection: C) -> None:
        self._terminate(connection)
        self._all.discard(connection)

    def leave(self) -> set[C]:
        """All of them, for whoever ends them: from now on none is ours."""
        found, self._all, self._free = self._all, set(), []
        return found


class ServerTransaction(Generic[C]):
    """Records statements, and tells the store of a connection that is lost. `trouble` are the driver's
    errors.
    """

    trouble: ClassVar[tuple[type[Exception], ...]]

    @staticmethod
    def lost(error: Exception) -> bool:
        """Is the connection of no more use?"""
        raise NotImplementedError

    @staticmethod
    def translate(error: Exception) -> Exception:
        """What it is for our callers."""
        raise NotImplementedError

    def __init__(self, store: Drops, connection: C) -> None:
        self._store, self._connection = store, connection
        self._refused = False
        self.statements: list[tuple[str, float, float]] | None = None
        """The statements with their start and end (`perf_counter`), recorded where a list is set here."""

    @contextmanager
    def _watched(self, text: str) -> Iterator[None]:
        began = perf_counter() if self.statements is not None else 0.0
        try:
            yield
            if self.statements is not None:
                self.statements.append((text, began, perf_counter()))
        except self.trouble as error:
            self._refused = True
            if self.lost(error):
                self._store.drop(self._connection)
            raise self.translate(error) from error
        except asyncio.CancelledError:
            self._store.drop(self._connection)  # it is unknown how far the server came
            raise


def already_running(where: str) -> StoreUnusable:
    """The error where another process holds the lock of this database."""
    return StoreUnusable(
        f"{where}: another tradewind is running on this database: stop it, or name another one"
    )


def place(server: str, url: str, port: int) -> str:
    """The database, without its password."""
    try:
        parts = urlsplit(url)
        return f"{server} {parts.hostname or 'localhost'}:{parts.port or port}{parts.path}"
    except ValueError:
        return "TRADEWIND_DATABASE_URL"
