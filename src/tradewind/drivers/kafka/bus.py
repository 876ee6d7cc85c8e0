"""The events of all services on one topic of Kafka, with a group for each subscribing service.

The key of a record is the event's, so the events of a key lie in one partition, whichever service tells them,
and arrive in their order; the copies of a service share the partitions. A group that hears only some names
passes the others by. What travels beside the body is in headers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from ...core.bus import EventRecord, Handle, SendingSpan, Settle, confirming
from .consuming import PREFETCH, Consuming, Record, Waiting
from .producing import Producing
from .servers import PARTITIONS, Servers, Topic

TOPIC = "tradewind.events"
Reject = Callable[[str, str, str, Settle], None]
Sending = Callable[[str, str, str], SendingSpan | None]


class EventPublisher:
    """What every publisher does alike. A subclass has `publish`."""

    def __init__(self, servers: Servers, topic: Topic, name: str, sending: Sending | None) -> None:
        self.topic, self._sending = topic, sending
        self.link = Producing(servers, [topic], name=f"{name} {topic.name} out")
        self.published: Counter[str] = Counter()  # what Kafka has confirmed, by the event's name

    @property
    def up(self) -> bool:
        return self.link.up

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        await self.link.start(timeout_s, patient=patient)

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        raise NotImplementedError

    def _send(
        self,
        event: EventRecord,
        known_as: str,
        body: bytes,
        headers: Callable[[str, str], dict[str, object]],
        then: Callable[[str], None],
    ) -> bool:
        """`headers` are made of the trace that goes on, and its state."""
        sending = self._sending
        span = None if sending is None else sending(self.topic.name, known_as, event.trace)

        ended = confirming(span, self.published, event.name, then)
        trace, state = (event.trace, "") if span is None else (span.traceparent, span.state)
        return self.link.send(self.topic.name, event.key, body, headers(trace, state), event.at, ended)


class EventConsumer:
    """What every consumer does alike. A subclass has `_take`."""

    def __init__(self, servers: Servers, group: str, topic: Topic, name: str, prefetch: int) -> None:
        self.queue = topic.name
        self.link = Consuming(servers, group, [topic], self._take, name=name, prefetch=prefetch)
        self.consumed: Counter[str] = Counter()
        self.redelivered: Counter[str] = Counter()

    def _take(self, record: Record) -> None:
        raise NotImplementedError

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        await self.link.start(timeout_s, patient=patient)

    async def state(self) -> Waiting:
        """What waits on our partitions."""
        return self.link.waiting()

    async def drain(self) -> None:
        """Takes no more records; those under way are finished by their handlers."""
        self.link.drain()

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)

    def _count(self, record: Record, name: str) -> bool:
        """Whether somebody may have had it before."""
        self.consumed[name] += 1
        if record.again:
            self.redelivered[name] += 1
        return record.again


class Publisher(EventPublisher):
    """Implements `core.bus.EventBus`."""

    def __init__(
        self,
        servers: Servers,
        *,
        name: str,
        topic: str = TOPIC,
        partitions: int = PARTITIONS,
        sending: Sending | None = None,
    ) -> None:
        super().__init__(servers, Topic(topic, partitions=partitions), name, sending)

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return self.up and self._send(event, event.name, event.body.encode(), partial(_headers, event), then)


def _headers(event: EventRecord, trace: str, _state: str) -> dict[str, object]:
    found: dict[str, object] = {"name": event.name, "id": event.id, "source": event.source}
    return found | {"seq": event.seq, "at": event.at, "trace": trace}


class Subscriber(EventConsumer):
    """The durable subscription of one service. `handle(event, settle, again)` takes what may be a message,
    `reject(name, body, reason, settle)` what is none.
    """

    def __init__(
        self,
        servers: Servers,
        service: str,
        names: Iterable[str],
        handle: Handle,
        reject: Reject,
        *,
        topic: str = TOPIC,
        partitions: int = PARTITIONS,
        prefetch: int = PREFETCH,
    ) -> None:
        self.service, self._names = service, frozenset(names)
        self.handle, self._reject = handle, reject
        own = Topic(topic, partitions=partitions)
        super().__init__(servers, f"{topic}.{service}", own, f"{service} events in", prefetch)

    def _take(self, record: Record) -> None:
        headers, value = record.headers, record.value
        name = headers.get("name", "")
        if value is None or (name and name not in self._names):  # a tombstone; what others hear
            self.link.settle(record)
            return
        again = self._count(record, name)

        def settle(_reason: str) -> None:
            self.link.settle(record)

        try:
            body = value.decode()
        except UnicodeDecodeError:
            self._reject(name, value.decode("latin-1"), "not UTF-8", settle)
            return
        if not name or not headers.get("id"):
            self._reject(
                name, body, "an event without a name and an id cannot be told from its copies", settle
            )
            return
        event = EventRecord(
            headers.get("source", ""),
            headers["id"],
            name,
            record.key,
            body,
            headers.get("trace", ""),
            _whole(headers.get("seq", "")),
            _whole(headers.get("at", "")),
        )
        self.handle(event, settle, again)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
