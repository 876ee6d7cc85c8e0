"""The two ends of a topic, and what its subscribers were told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from confluent_kafka import Producer

from tradewind.core.bus import EventRecord, Settle
from tradewind.drivers.kafka.bus import Publisher, Subscriber
from tradewind.drivers.kafka.servers import Servers

PATIENCE_S = 60.0
AT = 1_800_000_000_000


async def until(true: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}") from None


def noted(key: str, number: int, body: str = "{}") -> EventRecord:
    return EventRecord("desk", f"{key}-{number}", "Noted", key, body, "", number, AT)


class Heard(NamedTuple):
    event: EventRecord
    by: str
    again: bool


class Ends:
    """Makes publishers and subscribers; `heard` is what all subscribers were told, in its order, `refused` the
    reasons of what is no event.
    """

    def __init__(self, servers: Servers, topic: str, partitions: int = 6) -> None:
        self.servers, self.topic, self._partitions = servers, topic, partitions
        self.heard: list[Heard] = []
        self.refused: list[str] = []
        self._open: list[Publisher | Subscriber] = []

    @property
    def ids(self) -> list[str]:
        return [one.event.id for one in self.heard]

    async def publisher(self, timeout_s: float = PATIENCE_S) -> Publisher:
        made = Publisher(self.servers, name="desk", topic=self.topic, partitions=self._partitions)
        self._open.append(made)
        await made.start(timeout_s, patient=True)
        return made

    async def subscriber(self, copy: str = "a", timeout_s: float = PATIENCE_S) -> Subscriber:
        """A copy of service `ward`."""

        def handle(event: EventRecord, settle: Settle, again: bool) -> None:
            self.heard.append(Heard(event, copy, again))
            settle("")

        def reject(_name: str, _body: str, reason: str, settle: Settle) -> None:
            self.refused.append(reason)
            settle("")

        made = Subscriber(
            self.servers, "ward", ["Noted"], handle, reject, topic=self.topic, partitions=self._partitions
        )
        self._open.append(made)
        await made.start(timeout_s, patient=True)
        return made

    async def close(self) -> None:
        for one in self._open:
            await one.stop(0.5)


async def tell(publisher: Publisher, event: EventRecord) -> None:
    """As the outbox does: again until it is confirmed."""
    outcome: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            outcome.clear()
            if publisher.publish(event, outcome.append):
                while not outcome:
                    await asyncio.sleep(0.005)
                if not outcome[0]:
                    return
            await asyncio.sleep(0.05)


async def send(servers: Servers, topic: str, value: bytes | None, **headers: str) -> None:
    """As a program does that knows nothing of us."""
    producer = Producer({"bootstrap.servers": servers.brokers})
    told: list[tuple[str, str | bytes | None]] = list(headers.items())
    producer.produce(topic, value, headers=told)
    assert await asyncio.to_thread(producer.flush, PATIENCE_S) == 0
