"""Events in the published form, on a queue that other programs declare, write and read too.

Such a queue is on the default exchange, durable, with the channel's own arguments, mostly none: so there is
no single active consumer, and no order per key. What can never be handled goes to `<queue>.dead` by a publish
of our own, which the broker has confirmed before the message is acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from ...core.bus import EventRecord, Handle, SendingSpan, confirming
from ...core.channel import STATE, TRACE, Channel, Undeliverable, dead_headers, published_headers
from ...core.model import wire_name
from .amqp import Delivery, Limits, Link, LinkDown, LinkFull, Properties
from .amqp.queues import deliveries_before
from .bus import PREFETCH
from .endpoints import EventConsumer, EventPublisher

LOG = logging.getLogger("tradewind.bus")
AGAIN_S = 0.2
MOST_BYTES = 128 * 1024 * 1024
TAKEN = Limits(message_bytes=MOST_BYTES, buffer_bytes=2 * MOST_BYTES)
"""What RabbitMQ itself takes: a larger message would be thrown away, where no dead letter tells of it."""


async def declare(link: Link, channel: Channel) -> None:
    """Errors: LinkDown, which says what argument differs where the queue has others."""
    if channel.declared:
        await link.declare_queue(channel.name, durable=True, arguments=dict(channel.arguments))
    else:
        await link.declare_queue(channel.name, passive=True)


class ChannelPublisher(EventPublisher):
    """Implements `core.bus.EventBus` for one event. A connection of its own: a queue that cannot be used
    holds up no other event.
    """

    def __init__(
        self,
        url: str,
        channel: Channel,
        *,
        name: str,
        limits: Limits | None = None,
        sending: Callable[[str, str, str], SendingSpan | None] | None = None,
    ) -> None:
        self.channel, self._sending = channel, sending
        super().__init__(url, f"{name} {channel.name} out", limits)
        self._gone = _Gone(partial(declare, self.link, channel), channel.name)

    async def _declare(self, link: Link) -> None:
        await declare(link, self.channel)

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        if not self.up:
            return False
        channel, sending = self.channel, self._sending
        try:
            body = channel.encode(event)
        except (msgspec.MsgspecError, ValueError) as error:
            LOG.error("%s cannot be published on %s: %s", event.name, channel.name, error)
            return False
        span = None if sending is None else sending(channel.name, channel.published, event.trace)

        ended = confirming(span, self.published, event.name, then)
        trace, state = (event.trace, "") if span is None else (span.traceparent, span.state)
        properties = Properties(
            content_type="application/json",
            message_id=event.id,
            type=channel.published,
            delivery_mode=2,
            timestamp=event.at // 1000,
            headers=published_headers(event.key, trace, state),
        )
        try:
            # what comes back goes out again from the outbox
            self.link.publish(
                "", channel.name, body, properties, mandatory=True, then=ended, returned=self._gone.declare
            )
        except (LinkDown, LinkFull):
            return False
        return True


class _Gone:
    """Declares a queue anew that was deleted while we publish to it."""

    def __init__(self, declare: Callable[[], Awaitable[object]], queue: str) -> None:
        self._declare, self._queue = declare, queue
        self._task: asyncio.Task[None] | None = None

    def declare(self, _reason: str) -> None:
        """Called for each message that came back."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"declare {self._queue}")

    async def _run(self) -> None:
        LOG.warning("the queue %s is gone: it is declared anew", self._queue)
        try:
            await self._declare()
        except LinkDown as error:
            LOG.warning("the queue %s cannot be declared: %s", self._queue, error)


class ChannelSubscriber(EventConsumer):
    """The subscription of one service to one channel, shared by its copies and by whoever else takes from the
    queue. `follow` is told the `traceparent` and the `tracestate` of each message that has both.
    """

    def __init__(
        self,
        url: str,
        service: str,
        channel: Channel,
        handle: Handle,
        *,
        now: Callable[[], int],
        prefetch: int = PREFETCH,
        limits: Limits | None = None,
        follow: Callable[[str, str], None] | None = None,
    ) -> None:
        self.service, self.channel, self.handle, self._follow = service, channel, handle, follow
        self._name = wire_name(channel.event)
        name = f"{service} {channel.name} in"
        super().__init__(url, name, channel.name, prefetch, limits or TAKEN, confirms=True)
        self._dead = _DeadLetterQueue(self.link, channel.dead, now)

    @property
    def dead(self) -> int:
        """How many messages this process has moved to the queue of dead letters."""
        return self._dead.moved

    async def _declare(self, link: Link) -> None:
        await declare(link, self.channel)
        await self._dead.declare()

    async def stop(self, grace_s: float = 5.0) -> None:
        self._dead.closed = True
        await super().stop(grace_s)

    def _take(self, delivery: Delivery) -> None:
        again = self._count(delivery, self._name)

        def settle(reason: str) -> None:
            if reason:
                self._dead.put(delivery, reason)
            else:
                self.link.ack(delivery)

        headers = delivery.properties.headers or {}
        if self._follow is not None and STATE in headers and TRACE in headers:
            self._follow(str(headers[TRACE]), str(headers[STATE]))
        try:
            event = self.channel.read(delivery.body, headers)
        except Undeliverable as error:
            settle(str(error))
            return
        self.handle(event, settle, again)


class _DeadLetterQueue:
    """Moves deliveries aside: the same body, the same properties, and why. One whose connection is lost
    meanwhile is delivered again, and may lie there twice.
    """

    def __init__(self, link: Link, name: str, now: Callable[[], int]) -> None:
        self._link, self._name, self._now = link, name, now
        self._gone = _Gone(self.declare, name)
        self.moved, self.closed = 0, False
        self._told_at = 0.0

    async def declare(self) -> None:
        await self._link.declare_queue(self._name, durable=True)

    def put(self, delivery: Delivery, reason: str) -> None:
        link = self._link
        if self.closed or delivery.epoch != link.lives:  # then it comes again
            return

        def confirmed(trouble: str) -> None:
            if trouble:
                asyncio.get_running_loop().call_later(AGAIN_S, self.put, delivery, reason)
            else:
                link.ack(delivery)
                self._tell(reason)

        try:
            self._publish(delivery, reason, delivery.properties.headers or {}, confirmed)
        except (LinkDown, LinkFull) as error:
            confirmed(str(error))
        except ValueError:  # headers that came and cannot be sent
            self._publish(delivery, reason, {}, confirmed)

    def _publish(
        self, delivery: Delivery, reason: str, own: dict[str, Any], then: Callable[[str], None]
    ) -> None:
        headers = dead_headers(own, reason, deliveries_before(delivery) + 1, self._now())
        kept = delivery.properties
        properties = msgspec.structs.replace(
            kept, headers=headers, delivery_mode=2, reply_to="", expiration="", app_id=""
        )
        self._link.publish(
            "", self._name, delivery.body, properties, mandatory=True, then=then, returned=self._gone.declare
        )

    def _tell(self, reason: str) -> None:
        """In the log, once a second at most."""
        self.moved += 1
        if (now := asyncio.get_running_loop().time()) >= self._told_at + 1.0:
            self._told_at = now
            LOG.warning("%d messages are in %s now by us, the last one: %s", self.moved, self._name, reason)
