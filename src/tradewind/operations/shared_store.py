"""Answers the operator of a blueprint whose services are separate processes: from the stores that they share,
running or stopped.

Nothing is executed here. A dead letter to be tried again is taken up by a service within a second of the
change of its row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ..contracts.ops import dead_letter_view, timeline_of
from ..contracts.orders import GetOrder, TimelineEntry
from ..core.bus import EventRecord, ListEvents
from ..core.clock import SystemClock
from ..core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ..core.model import Caller, Context, Effects, Refused
from ..core.readers import documents
from ..core.schema import codec
from ..core.store import StoreUnusable, Transaction
from ..engine.dead_letters import discard, replay
from ..engine.observers import Hooks
from ..engine.platform import Platform
from ..engine.service_runtime import ServiceRuntime
from ..runtime.config import Config
from ..runtime.documents import open_documents
from ..runtime.local import NotReachable
from ..runtime.registry import channels, services
from ..runtime.schema import runs, schema_state
from ..runtime.stores import by_place, open_store
from ..runtime.topology import Blueprint

if TYPE_CHECKING:
    from ..drivers.rabbitmq.dead_queue import DeadQueue

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
            return (await platform.stats())["services"]

        found = {name: row for some in self._each(ask) for name, row in some.items()}
        return {
            "services": {
                name: {k: v for k, v in row.items() if k not in MEMORY} for name, row in found.items()
            }
        }

    def timeline(self, order: str) -> Any:
        """Every event of an order: in causal order, however the clocks of the processes stood."""

        about = order.lower()

        async def ask(platform: Platform) -> Any:
            if "orders" in platform.runtimes:
                await platform.ask(GetOrder(about), OPERATOR)
            return await platform.ask(ListEvents(about))

        found = timeline_of([told for some in self._each(ask) for told in some])
        return msgspec.to_builtins({"data": causal(found.data)})

    def letters(self) -> list[Any]:
        """All of them, newest first."""

        async def ask(platform: Platform) -> list[DeadLetter]:
            found: list[DeadLetter] = []
            cursor: str | None = ""
            while cursor is not None:
                page = await platform.ask(ListDeadLetters(PAGE, cursor))
                found += page.data
                cursor = page.next_cursor
            return found

        found = [letter for some in self._each(ask) for letter in some]
        found.sort(key=lambda letter: letter.id, reverse=True)
        for queue in self._queues():
            found += _answered(queue.letters)
        return [msgspec.to_builtins(dead_letter_view(letter)) for letter in found]

    def replay(self, letter: str) -> None:
        if (queue := self._queue(letter)) is None:
            self._decide(ReplayDeadLetter(letter), replay)
        elif not _answered(lambda: queue.replay(letter)):
            raise Refused("not_found", 404)

    def discard(self, letter: str) -> None:
        if (queue := self._queue(letter)) is None:
            self._decide(DiscardDeadLetter(letter), discard)
        elif not _answered(lambda: queue.discard(letter)):
            raise Refused("not_found", 404)

    def _queues(self) -> list[DeadQueue]:
        """Where dead letters of published queues lie, which are in no store."""
        if self._blueprint.bus != "rabbitmq":
            return []
        found = channels(self._blueprint.channels, self._config)
        by_queue = {channel.dead: channel for channel in found.values()}
        if not by_queue:
            return []
        from ..drivers.rabbitmq.dead_queue import DeadQueue

        return [DeadQueue(self._config.broker_url, channel) for channel in by_queue.values()]

    def _queue(self, letter: str) -> DeadQueue | None:
        return next((queue for queue in self._queues() if queue.holds(letter)), None)

    def _decide(self, ask: Ask, decide: Decide) -> None:
        if not any(self._each(lambda platform: _decide(platform, ask, decide))):
            raise Refused("not_found", 404)

    def _each(self, ask: Callable[[Platform], Awaitable[T]]) -> list[T]:
        """Of every database, by the services that have their tables there."""
        config, blueprint = self._config, self._blueprint
        if why := schema_state(config, blueprint, runs(blueprint)):
            raise StoreUnusable(why)
        places = by_place(config, blueprint, runs(blueprint))
        return [self._with(url, names, ask) for url, names in places.items()]

    def _with(self, url: str, names: list[str], ask: Callable[[Platform], Awaitable[T]]) -> T:
        config = self._config

        async def run() -> T:
            store = (
                open_documents(url, names, self._blueprint.apis)
                if documents(url)
                else open_store(url, config.data, exclusive=False, schemas=self._blueprint.schemas)
            )
            platform = Platform(
                store,
                services(names, config, policies=self._blueprint.policies),
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


def _answered(ask: Callable[[], T]) -> T:
    """What a queue of dead letters says. Errors: NotReachable."""
    from ..drivers.rabbitmq.amqp.errors import BrokerUnusable, LinkDown

    try:
        return ask()
    except (BrokerUnusable, LinkDown) as error:
        raise NotReachable(str(error)) from error


async def _decide(platform: Platform, ask: Ask, decide: Decide) -> bool:
    """As the processor would, in a transaction of its own: a batch here would also take what is due, which
    the services do. Whether a service there has the letter.
    """
    for runtime in platform.runtimes.values():
        tx = await platform.store.begin()
        try:
            if await _decided(tx, runtime, ask, decide, platform.clock.now()):
                await tx.commit()
                return True
        finally:
            await tx.rollback()
    return False


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
