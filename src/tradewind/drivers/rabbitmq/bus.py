"""The events of all services on a topic exchange of RabbitMQ, with a durable queue for each subscribing
service.

Out: persistent, with confirms, the routing key is the event's name. In: by a single active consumer per queue
(the broker switches to the next copy when the active one goes), so that the events of a key arrive in their
order, and acknowledged only after the commit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ...core.bus import EventRecord, Handle, SendingSpan, Settle
from .amqp import Delivery, Limits, Link, LinkDown, LinkFull, Properties
from .amqp.queues import classic, quorum
from .endpoints import EventConsumer, EventPublisher
from .unroutable import UnroutableBuffer

LOG = logging.getLogger("tradewind.bus")
EXCHANGE = "tradewind.events"
PREFETCH = 256
Reject = Callable[[str, str, str, Settle], None]


class EventQueue(msgspec.Struct, frozen=True):
    """The queue of a subscribing service, and the names of its events."""

    queue: str
    names: tuple[str, ...]
    arguments: dict[str, Any]


def event_queue(
    service: str, names: Iterable[str], queue_type: str = "quorum", exchange: str = EXCHANGE
) -> EventQueue:
    """As the service itself declares it."""
    arguments = (quorum if queue_type == "quorum" else classic)(single_active=True)
    return EventQueue(f"{exchange}.{service}", tuple(sorted(names)), arguments)


async def declare(link: Link, exchange: str, queues: Iterable[EventQueue]) -> None:
    await link.declare_exchange(exchange, "topic", durable=True)
    for one in queues:
        await link.declare_queue(one.queue, durable=True, arguments=one.arguments)
        for name in one.names:
            await link.bind(one.queue, exchange, name)


class Publisher(EventPublisher):
    """Implements `core.bus.EventBus`. `queues`: of the known subscribers; they exist before
    the first event.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        exchange: str = EXCHANGE,
        queues: Iterable[EventQueue] = (),
        limits: Limits | None = None,
        sending: Callable[[str, str, str], SendingSpan | None] | None = None,
    ) -> None:
        self._exchange, self._queues, self._sending = exchange, tuple(queues), sending
        super().__init__(url, f"{name} events out", limits)
        self._unroutable = UnroutableBuffer(self._send)

    async def _declare(self, link: Link) -> None:
        await declare(link, self._exchange, self._queues)

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return self.up and self._unroutable.publish(event, then)

    def _send(self, event: EventRecord, then: Callable[[str, bool], None]) -> bool:
        name, sending = event.name, self._sending
        span = None if sending is None else sending(self._exchange, name, event.trace)
        trace = event.trace if span is None else span.traceparent
        properties = Properties(
            content_type="application/json",
            message_id=event.id,
            type=name,
            delivery_mode=2,
            timestamp=event.at // 1000,
            headers={
                "key": event.key,
                "source": event.source,
                "seq": event.seq,
                "at": event.at,
                "trace": trace,
            },
        )
        unroutable = False

        def returned(_reason: str) -> None:
            nonlocal unroutable
            unroutable = True

        def confirmed(trouble: str) -> None:
            if trouble:  # a return is reported as an error first, and by its name then
                asyncio.get_running_loop().call_soon(ended, trouble)
            else:
                self.published[name] += 1
                ended("")

        def ended(trouble: str) -> None:
            if span is not None:
                span.end("unconfirmed" if trouble and not unroutable else "")
            then(trouble, unroutable)

        try:
            self.link.publish(
                self._exchange,
                name,
                event.body.encode(),
                properties,
                mandatory=True,
                then=confirmed,
                returned=returned,
            )
        except (LinkDown, LinkFull):
            return False
        return True


class Subscriber(EventConsumer):
    """The durable subscription of one service. `handle(event, settle, again)` takes what may be a message,
    `reject(name, body, reason, settle)` what is none.
    """

    def __init__(
        self,
        url: str,
        service: str,
        names: Iterable[str],
        handle: Handle,
        reject: Reject,
        *,
        exchange: str = EXCHANGE,
        queue_type: str = "quorum",
        prefetch: int = PREFETCH,
        limits: Limits | None = None,
    ) -> None:
        self.service = service
        self.handle, self._reject = handle, reject
        self._events = event_queue(service, names, queue_type, exchange)
        self._exchange = exchange
        super().__init__(url, f"{service} events in", self._events.queue, prefetch, limits or Limits())

    async def _declare(self, link: Link) -> None:
        await declare(link, self._exchange, [self._events])

    def _take(self, delivery: Delivery) -> None:
        # by the routing key: the queue is bound only to subscribed names
        again = self._count(delivery, delivery.routing_key)

        def settle(_reason: str) -> None:
            self.link.ack(delivery)

        properties = delivery.properties
        headers: dict[str, Any] = properties.headers or {}
        name = properties.type or delivery.routing_key
        try:
            body = delivery.body.decode()
        except UnicodeDecodeError:
            self._reject(name, delivery.body.decode("latin-1"), "not UTF-8", settle)
            return
        if not properties.message_id:
            self._reject(name, body, "an event without a message id cannot be told from its copies", settle)
            return
        event = EventRecord(
            str(headers.get("source", "")),
            properties.message_id,
            name,
            str(headers.get("key", "")),
            body,
            str(headers.get("trace", "")),
            _whole(headers.get("seq")),
            _whole(headers.get("at")),
        )
        self.handle(event, settle, again)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
