"""Answers the operator of a blueprint whose services are separate processes: from the store that they share,
running or stopped.

Nothing is executed here. A dead letter to be tried again is taken up by a service within a second of the
change of its row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from ..contracts.ops import dead_letter_view
from ..contracts.orders import GetTimeline, TimelineEntry
from ..core.bus import EventRecord
from ..core.clock import SystemClock
from ..core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ..core.model import Caller, Context, Effects, Refused
from ..core.schema import codec
from ..core.store import StoreUnusable, Transaction
from ..engine.dead_letters import discard, replay
from ..engine.observers import Hooks
from ..engine.platform import Platform
from ..engine.service_runtime import ServiceRuntime
from ..runtime.assembly import with_timeline
from ..runtime.blueprint import Blueprint
from ..runtime.config import Config
from ..runtime.registry import services
from ..runtime.schema import runs, schema_state
from ..runtime.stores import open_store
from ..services.payments.provider.absent import NoProvider

OPERATOR = Caller("operator", "admin")
PAGE = 100
MEMORY = ("logEnd", "lag")  # what only a process knows: its /metrics shows it
Ask = ReplayDeadLetter | DiscardDeadLetter
Decide = Callable[[Any, Context, DeadLetter], Effects[DeadLetter]]
T = TypeVar("T")


class Nobody:
    """Implements `core.bus.EventBus` where nothing is published."""

    up = False

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return False


class SharedStoreOperator:
    """Every call opens the store and closes it. Errors, of all: StoreUnusable, StoreUnavailable; Refused,
    where the answer is no.
    """

    def __init__(self, config: Config, blueprint: Blueprint) -> None:
        self._config, self._blueprint = config, blueprint

    def stats(self) -> Any:
        """What waits, per service: depths, and ages in ms."""

        async def ask(platform: Platform) -> Any:
            found = (await platform.stats())["services"]
            return {
                "services": {
                    name: {k: v for k, v in row.items() if k not in MEMORY} for name, row in found.items()
                }
            }

        return self._with(ask)

    def timeline(self, order: str) -> Any:
        """Every event of an order: in causal order, however the clocks of the processes stood."""

        async def ask(platform: Platform) -> Any:
            found = await with_timeline(platform).ask(GetTimeline(order.lower()), OPERATOR)
            return msgspec.to_builtins({"data": causal(found.data)})

        return self._with(ask)

    def letters(self) -> list[Any]:
        """All of them, newest first."""

        async def ask(platform: Platform) -> list[Any]:
            found: list[Any] = []
            cursor: str | None = ""
            while cursor is not None:
                page = await platform.ask(ListDeadLetters(PAGE, cursor))
                found += [msgspec.to_builtins(dead_letter_view(letter)) for letter in page.data]
                cursor = page.next_cursor
            return found

        return self._with(ask)

    def replay(self, letter: str) -> None:
        self._with(lambda platform: _decide(platform, ReplayDeadLetter(letter), replay))

    def discard(self, letter: str) -> None:
        self._with(lambda platform: _decide(platform, DiscardDeadLetter(letter), discard))

    def _with(self, ask: Callable[[Platform], Awaitable[T]]) -> T:
        config, names = self._config, runs(self._blueprint)
        if why := schema_state(config, self._blueprint, names):
            raise StoreUnusable(why)

        async def run() -> T:
            store = open_store(
                config.database_url, config.data, exclusive=False, schemas=self._blueprint.schemas
            )
            platform = Platform(
                store,
                services(names, config, NoProvider(), self._blueprint.policies),
                SystemClock(),
                bus=Nobody(),
                hooks=Hooks(perform=False),
            )
            await store.open()
            try:
                return await ask(platform)
            finally:
                await store.close()

        return asyncio.run(run())


async def _decide(platform: Platform, ask: Ask, decide: Decide) -> None:
    """As the processor would, in a transaction of its own: a batch here would also take what is due, which
    the services do.
    """
    for runtime in platform.runtimes.values():
        tx = await platform.store.begin()
        try:
            if await _decided(tx, runtime, ask, decide, platform.clock.now()):
                await tx.commit()
                return
        finally:
            await tx.rollback()
    raise Refused("not_found", 404)


async def _decided(tx: Transaction, runtime: ServiceRuntime, ask: Ask, decide: Decide, now: int) -> bool:
    letters = await tx.load(runtime.parked, [ask.dead_letter_id])
    for letter in letters:
        for changed in decide(ask, Context(now, "", OPERATOR), letter):
            assert isinstance(changed, DeadLetter)
            if changed.status == "DONE":
                await tx.delete(runtime.parked.rows, [changed.id])
            else:
                await tx.update(runtime.parked.rows, [codec(runtime.parked).to_row(changed)])
    return bool(letters)


def causal(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """As given, with none before the one that caused it."""
    waiting, told = {entry.id: entry for entry in entries}, []
    while waiting:
        first = next(
            (entry for entry in waiting.values() if entry.cause not in waiting), next(iter(waiting.values()))
        )
        told.append(waiting.pop(first.id))
    return told
