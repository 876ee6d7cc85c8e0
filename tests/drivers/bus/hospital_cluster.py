"""A hospital whose desk and ward hear each other through a carrier: the lines of one process, or a broker
between several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from tests.engine.hospital_messages import Admit, Note, Told
from tests.engine.hospital_services import BEDS, DESK, WARD, Bed, Script, hospital
from tests.support.databases import Place
from tests.support.queues import fresh
from tradewind.core.bus import EventRecord as Event
from tradewind.core.bus import Settle
from tradewind.core.clock import SystemClock
from tradewind.core.dead_letters import DeadLetter, ListDeadLetters
from tradewind.core.gateway import Reply
from tradewind.core.model import Caller, Request
from tradewind.drivers.kafka import bus as kafka
from tradewind.drivers.kafka.servers import Servers
from tradewind.drivers.local.event_bus import LocalBroker, LocalPublisher, LocalSubscriber
from tradewind.drivers.rabbitmq.bus import Publisher, Subscriber
from tradewind.engine.platform import Platform
from tradewind.runtime.stores import open_store

NURSE = Caller("nurse", "customer")
DELAYS = (20, 50)
DEADLINE_S = 90.0
Broker: TypeAlias = str | Servers | LocalBroker


async def until(met: Callable[[], Any], what: str) -> None:
    """Waits for a condition, which may be a coroutine function."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        found = met()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert asyncio.get_running_loop().time() < end, f"not within {DEADLINE_S} s: {what}"
        await asyncio.sleep(0.01)


class Copy:
    """One process of some services: `kill` is what a crash leaves, `stop` what a SIGTERM does."""

    def __init__(
        self, place: Place, names: tuple[str, ...], script: Script, broker: Broker = "", exchange: str = ""
    ) -> None:
        self.place, self.names, self.script = place, names, script
        self.bus: Any = None  # of any driver
        if isinstance(broker, LocalBroker):
            self.bus = LocalPublisher(broker)
        elif isinstance(broker, Servers):
            self.bus = kafka.Publisher(broker, name="-".join(names), topic=exchange)
        elif broker:
            self.bus = Publisher(broker, name="-".join(names), exchange=exchange)
        store = open_store(place.url, place.data, exclusive=not broker)
        services = [service for service in hospital(script) if service.name in names]
        self.platform = Platform(store, services, SystemClock(), delays_ms=DELAYS, bus=self.bus)
        self.subscribers = [self._subscriber(name, broker, exchange) for name in names if broker]

    def _subscriber(self, name: str, broker: Broker, exchange: str) -> Any:
        def handle(event: Event, settle: Settle, again: bool) -> None:
            self.platform.receive(event, name, settle, again=again)

        def reject(what: str, body: str, reason: str, settle: Settle) -> None:
            self.platform.keep_unreadable(name, what, body, reason, settle)

        names = self.platform.runtimes[name].heard
        if isinstance(broker, LocalBroker):
            return LocalSubscriber(broker, name, names, handle)
        if isinstance(broker, Servers):
            return kafka.Subscriber(broker, name, names, handle, reject, topic=exchange)
        return Subscriber(broker, name, names, handle, reject, exchange=exchange)

    async def start(self) -> Copy:
        if isinstance(self.bus, Publisher | kafka.Publisher):
            await self.bus.start()
        await self.platform.start()
        for one in self.subscribers:
            await _ended(one.start())
        return self

    async def stop(self) -> None:
        for one in self.subscribers:
            await _ended(one.drain())
        await self.platform.stop()
        await self._unplug()

    async def kill(self) -> None:
        """Nothing more is decided, written, confirmed or acked; the connections break."""
        task = self.platform._loop_task
        assert task is not None
        task.cancel()
        await asyncio.wait([task])
        if self.platform._relay is not None:
            self.platform._relay.stop()
        await self._unplug()
        await self.platform.runner.stop()
        await self.platform.store.close()

    async def _unplug(self) -> None:
        for one in self.subscribers:
            await _ended(one.stop(0.1))
        if isinstance(self.bus, Publisher | kafka.Publisher):
            await self.bus.stop(0.1)


async def _ended(doing: Awaitable[None] | None) -> None:
    """In memory nothing is waited for."""
    if doing is not None:
        await doing


class Carrier:
    """Opens copies of desk and ward. `apart`: they are processes of their own."""

    def __init__(self, place: Place, broker: str = "", other: Servers | LocalBroker | None = None) -> None:
        self.place, self.broker, self._other = place, broker, other
        self.apart = bool(broker) or other is not None
        self.exchange = fresh("events") if broker or isinstance(other, Servers) else ""
        self.script = Script()
        self.copies: list[Copy] = []

    async def open(self, *names: str) -> Copy:
        copy = Copy(
            self.place, names or ("desk", "ward"), self.script, self._other or self.broker, self.exchange
        )
        self.copies.append(copy)
        return await copy.start()

    async def pair(self) -> tuple[Copy, Copy]:
        """Who speaks and who listens."""
        if not self.apart:
            both = await self.open()
            return both, both
        return await self.open("desk"), await self.open("ward")

    async def close(self) -> None:
        for copy in self.copies:
            if copy.platform.ready:
                await copy.stop()

    async def heard(self, copy: Copy, patient: str) -> tuple[str, ...]:
        return (await copy.platform.store.get(BEDS, patient) or Bed(patient)).heard

    async def parked(self, copy: Copy) -> list[DeadLetter]:
        return list(reversed((await copy.platform.ask(ListDeadLetters(100))).data))


def tell(copy: Copy, message: Request, claim: str = "") -> asyncio.Future[Reply]:
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    copy.platform.submit(message, NURSE, future.set_result, claim=claim, fingerprint="same" if claim else "")
    return future


async def done(*asked: asyncio.Future[Reply]) -> list[Told]:
    replies = await asyncio.wait_for(asyncio.gather(*asked), DEADLINE_S)
    assert all(reply.status == 0 for reply in replies), replies
    return [msgspec.json.decode(reply.body, type=Told) for reply in replies]


async def say_notes(copy: Copy, patients: list[str], numbers: range) -> None:
    """Each patient's notes in their order, all patients at once."""
    for patient in patients:
        for number in numbers:
            tell(copy, Note(patient, str(number)), claim=f"{patient}-{number}")
    await until(lambda: not copy.platform.processor.inbound.requests, "the notes are taken")


async def admit(copy: Copy, patients: list[str]) -> None:
    await done(*[tell(copy, Admit(patient), claim=f"admit-{patient}") for patient in patients])


TABLES = DESK, WARD
