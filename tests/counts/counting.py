"""Counts what an order costs, by looking from outside: no figure depends on how the engine is built."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import msgspec
import pytest

from tradewind.drivers.postgres.shared import SharedTransaction
from tradewind.drivers.sqlite.store import SqliteTransaction
from tradewind.engine.handling import handle

CHANGES = ("insert", "update", "upsert", "delete")


class Counts(msgspec.Struct):
    """`messages`: handled by services. `commits`: transactions. `rows`: written or deleted. `statements`: sent to
    the database, reads and BEGIN and COMMIT included. `encodes`: JSON texts made.
    """

    messages: int = 0
    commits: int = 0
    rows: int = 0
    statements: int = 0
    encodes: int = 0


class Meter:
    """A `BatchObserver` of the processor under test; `events` are the names of the committed events."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.events: list[str] = []

    def restart(self) -> None:
        self.counts, self.events = Counts(), []

    def batch(self, messages: int, seconds: float) -> None:
        """Only the messages that began a batch: `messages` counts those that follow from them too."""

    def commit(self, seconds: float) -> None:
        self.counts.commits += 1

    def said(self, events: Iterable[str]) -> None:
        self.events += events

    def patch(self, patched: pytest.MonkeyPatch) -> None:
        """Counts rows at the Transaction port, and messages where the processor handles one."""
        for kind in (SqliteTransaction, SharedTransaction):
            for name in CHANGES:
                patched.setattr(kind, name, self._changing(getattr(kind, name)))

        async def counted(*arguments: Any) -> None:
            self.counts.messages += 1
            await handle(*arguments)

        patched.setattr("tradewind.engine.processor.handle", counted)

    def _changing(self, change: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(transaction: Any, table: Any, rows: Iterable[Any]) -> None:
            rows = list(rows)
            self.counts.rows += len(rows)
            await change(transaction, table, rows)

        return counted

    def patch_postgres(self, patched: pytest.MonkeyPatch, connection: type[Any]) -> None:
        """Counts the statements of the asyncpg class `connection`."""
        for name in ("fetch", "fetchval", "fetchrow", "execute", "executemany"):
            patched.setattr(connection, name, self._stating(getattr(connection, name)))

    def _stating(self, run: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*arguments: Any, **options: Any) -> Any:
            self.counts.statements += 1
            return await run(*arguments, **options)

        return counted

    @contextmanager
    def profiled(self, connections: Iterable[sqlite3.Connection] = ()) -> Iterator[None]:
        """Counts JSON encodes and the statements of these connections: calls of C functions in this thread."""
        statements = {id(connection) for connection in connections}
        counts = self.counts

        def called(frame: FrameType, event: str, what: Any) -> None:
            if event == "c_call":
                holder, name = getattr(what, "__self__", None), what.__name__
                if name in ("encode", "encode_into"):
                    counts.encodes += isinstance(holder, msgspec.json.Encoder) or what is msgspec.json.encode
                elif name in ("execute", "executemany"):
                    counts.statements += id(holder) in statements

        sys.setprofile(called)
        try:
            yield
        finally:
            sys.setprofile(None)


def least(runs: list[Counts]) -> dict[str, int]:
    """Of several runs, what the order itself costs: a timer of the engine only ever adds to one of them."""
    return {name: min(getattr(run, name) for run in runs) for name in Counts.__struct_fields__}


def compare(found: dict[str, int], allowed: dict[str, int]) -> str:
    """What to do about a figure that has changed; empty where none has."""
    return "\n".join(
        f"{name}: {found[name]} per order, {most} allowed: "
        + ("undo what made it grow" if found[name] > most else "lower the number in the table")
        for name, most in allowed.items()
        if found[name] != most
    )
