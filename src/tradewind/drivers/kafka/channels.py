"""Events in the published form, on a topic that other programs write and read too.

The value is the published body alone, the key is ours or none. What can never be handled goes to the topic
`<name>.dead` by a record of our own, which Kafka has confirmed before the offset moves on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from ...core.bus import EventRecord, Handle
from ...core.channel import ATTEMPTS, STATE, TRACE, Channel, Undeliverable, dead_headers, published_headers
from ...core.model import wire_name
from .bus import EventConsumer, EventPublisher, Sending
from .consuming import PREFETCH, Record
from .producing import Producing
from .servers import PARTITIONS, Servers, Topic

LOG = logging.getLogger("tradewind.kafka")
AGAIN_S = 0.2


def _topic(channel: Channel, partitions: int) -> Topic:
    return Topic(channel.name, channel.declared, partitions)


class ChannelPublisher(EventPublisher):
    """Implements `core.bus.EventBus` for the events of one channel. A producer of its own: a topic that
    cannot be used holds up no other event.
    """

    def __init__(
        self,
        servers: Servers,
        channel: Channel,
        *,
        name: str,
        partitions: int = PARTITIONS,
        sending: Sending | None = None,
    ) -> None:
        self.channel = channel
        super().__init__(servers, _topic(channel, partitions), name, sending)

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        if not self.up:
            return False
        channel = self.channel
        try:
            body = channel.encode(event)
        except (msgspec.MsgspecError, ValueError) as error:
            LOG.error("%s cannot be published on %s: %s", event.name, channel.name, error)
            return False
        return self._send(event, channel.published, body, partial(published_headers, event.key), then)


class ChannelSubscriber(EventConsumer):
    """The subscription of one service to one channel, as a group that its copies share, and programs of
    others where they name the same. `follow` is told the `traceparent` and the `tracestate` of each record
    that has both.
    """

    def __init__(
        self,
        servers: Servers,
        service: str,
        channel: Channel,
        handle: Handle,
        *,
        now: Callable[[], int],
        group: str = "",
        partitions: int = PARTITIONS,
        prefetch: int = PREFETCH,
        follow: Callable[[str, str], None] | None = None,
    ) -> None:
        self.service, self.channel, self.handle, self._follow = service, channel, handle, follow
        self._name = wire_name(channel.event)
        name = f"{service} {channel.name} in"
        super().__init__(
            servers, group or f"{service}.{channel.name}", _topic(channel, partitions), name, prefetch
        )
        self._dead = _DeadLetters(servers, self.link.settle, channel.dead, now, service)

    @property
    def dead(self) -> int:
        """How many records this process has moved to the topic of dead letters."""
        return self._dead.moved

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        await self._dead.link.start(timeout_s, patient=patient)
        await super().start(timeout_s, patient=patient)

    async def stop(self, grace_s: float = 5.0) -> None:
        await super().stop(grace_s)
        self._dead.closed = True
        await self._dead.link.stop(grace_s)

    def _take(self, record: Record) -> None:
        if record.value is None:  # a tombstone says nothing
            self.link.settle(record)
            return
        again = self._count(record, self._name)

        def settle(reason: str) -> None:
            if reason:
                self._dead.put(record, reason)
            else:
                self.link.settle(record)

        headers = record.headers
        if self._follow is not None and STATE in headers and TRACE in headers:
            self._follow(headers[TRACE], headers[STATE])
        try:
            event = self.channel.read(record.value, headers)
        except Undeliverable as error:
            settle(str(error))
            return
        self.handle(event, settle, again)


class _DeadLetters:
    """Moves records aside: the same body, key and headers, and why. One whose process dies meanwhile comes
    again, and may lie there twice.
    """

    def __init__(
        self,
        servers: Servers,
        settle: Callable[[Record], None],
        topic: str,
        now: Callable[[], int],
        service: str,
    ) -> None:
        self.link = Producing(servers, [Topic(topic, partitions=1)], name=f"{service} {topic} out")
        self._settle, self._topic, self._now = settle, topic, now
        self.moved, self.closed = 0, False
        self._told_at = 0.0

    def put(self, record: Record, reason: str) -> None:
        if self.closed:  # then it comes again
            return

        def confirmed(trouble: str) -> None:
            if trouble:
                asyncio.get_running_loop().call_later(AGAIN_S, self.put, record, reason)
            else:
                self._settle(record)
                self._tell(reason)

        at, own = self._now(), counted(record.headers)
        headers = dead_headers(own, reason, 1, at)
        if not self.link.send(self._topic, record.key, record.value or b"", headers, at, confirmed):
            confirmed("not now")

    def _tell(self, reason: str) -> None:
        """In the log, once a second at most."""
        self.moved += 1
        if (now := asyncio.get_running_loop().time()) >= self._told_at + 1.0:
            self._told_at = now
            LOG.warning("%d records are in %s now by us, the last one: %s", self.moved, self._topic, reason)


def counted(headers: dict[str, str]) -> dict[str, Any]:
    """With the number of attempts as a number: every header of Kafka is a text."""
    before = headers.get(ATTEMPTS, "")
    return {**headers, ATTEMPTS: int(before)} if before.isdecimal() and len(before) < 10 else dict(headers)
