"""The events of every service on a topic exchange of RabbitMQ, a durable queue for each service that listens.

Out: persistent, with confirms, the routing key is the event's name. In: by one consumer at a time a queue (the broker hands over to the
next copy when the active one goes), so that the events of a key are heard in their order, and acknowledged only after the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from ..amqp import Delivery, Limits, Link, LinkDown, LinkFull, Properties
from ..amqp.queues import classic, deliveries_before, quorum
from ..engine.outbox import Told

LOG = logging.getLogger("tradewind.bus")
EXCHANGE = "tradewind.events"
PREFETCH = 256
Hear = Callable[[Told, Callable[[], None], bool], None]
Refuse = Callable[[str, str, str, Callable[[], None]], None]


class Publisher:
    """Implements `engine.outbox.Bus`."""

    def __init__(self, url: str, *, name: str, exchange: str = EXCHANGE, limits: Limits | None = None) -> None:
        self._exchange = exchange
        self.link = Link(url, name=f"{name} events out", setup=self._set_up, confirms=True, limits=limits or Limits())
        self.published = 0

    async def _set_up(self, link: Link) -> None:
        await link.declare_exchange(self._exchange, "topic", durable=True)

    @property
    def up(self) -> bool:
        return self.link.up and not self.link.blocked

    async def start(self, timeout_s: float = 10.0) -> None:
        await self.link.start(timeout_s)

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)

    def publish(self, event: Told, then: Callable[[str], None]) -> bool:
        if not self.up:
            return False
        properties = Properties(
            content_type="application/json", message_id=event.id, type=event.name, delivery_mode=2, timestamp=event.at // 1000,
            headers={"key": event.key, "source": event.source, "seq": event.seq, "at": event.at, "trace": event.trace},
        )  # fmt: skip
        try:
            self.link.publish(self._exchange, event.name, event.body.encode(), properties, then=then)
        except (LinkDown, LinkFull):
            return False
        self.published += 1
        return True


class Subscriber:
    """One service's ear. `hear(told, done, again)` for what may be a message, `refuse(name, body, reason, done)` for what is none."""

    def __init__(
        self, url: str, service: str, names: Iterable[str], hear: Hear, refuse: Refuse, *, exchange: str = EXCHANGE,
        queue_type: str = "quorum", prefetch: int = PREFETCH, limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self.service = service
        self._names, self._hear, self._refuse = sorted(names), hear, refuse
        self._exchange, self.queue, self._prefetch = exchange, f"{exchange}.{service}", prefetch
        self._arguments = (quorum if queue_type == "quorum" else classic)(single_active=True)
        self.link = Link(url, name=f"{service} events in", setup=self._set_up, limits=limits or Limits())
        self.heard = self.redelivered = 0
        self._tag = ""

    async def _set_up(self, link: Link) -> None:
        await link.declare_exchange(self._exchange, "topic", durable=True)
        await link.declare_queue(self.queue, durable=True, arguments=self._arguments)
        for name in self._names:
            await link.bind(self.queue, self._exchange, name)
        await link.qos(self._prefetch)
        self._tag = await link.consume(self.queue, self._take)

    async def start(self, timeout_s: float = 10.0) -> None:
        await self.link.start(timeout_s)

    async def drain(self) -> None:
        """Takes no more; what is here is finished by who has it."""
        if self.link.up:
            await self.link.cancel(self._tag)

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)

    def _take(self, delivery: Delivery) -> None:
        self.heard += 1
        again = deliveries_before(delivery) > 0
        self.redelivered += again

        def done() -> None:
            self.link.ack(delivery)

        properties = delivery.properties
        headers: dict[str, Any] = properties.headers or {}
        name = properties.type or delivery.routing_key
        try:
            body = delivery.body.decode()
        except UnicodeDecodeError:
            self._refuse(name, delivery.body.decode("latin-1"), "not UTF-8", done)
            return
        if not properties.message_id:
            self._refuse(name, body, "an event without a message id cannot be told from its copies", done)
            return
        told = Told(
            str(headers.get("source", "")), properties.message_id, name, str(headers.get("key", "")), body, str(headers.get("trace", "")),
            _whole(headers.get("seq")), _whole(headers.get("at")),
        )  # fmt: skip
        self._hear(told, done, again)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
