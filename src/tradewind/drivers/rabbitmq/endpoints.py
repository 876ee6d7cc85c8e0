"""What every publisher and every consumer of events does alike with its link, whatever queue it is on."""

from __future__ import annotations

from collections import Counter

from .amqp import Delivery, Limits, Link, QueueState
from .amqp.queues import deliveries_before


class EventPublisher:
    """Publishes with confirms. A subclass declares where it publishes to, and has `publish`."""

    def __init__(self, url: str, name: str, limits: Limits | None) -> None:
        self.link = Link(url, name=name, setup=self._declare, confirms=True, limits=limits or Limits())
        self.published: Counter[str] = Counter()  # what the broker has confirmed, by the event's name

    async def _declare(self, link: Link) -> None:
        raise NotImplementedError

    @property
    def up(self) -> bool:
        return self.link.up and not self.link.blocked

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        await self.link.start(timeout_s, patient=patient)

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)


class EventConsumer:
    """Takes from a durable queue. A subclass declares the queue, and has `_take`. `confirms`: it publishes by
    the same link.
    """

    def __init__(
        self, url: str, name: str, queue: str, prefetch: int, limits: Limits, *, confirms: bool = False
    ) -> None:
        self.queue, self._prefetch = queue, prefetch
        self.link = Link(url, name=name, setup=self._set_up, confirms=confirms, limits=limits)
        self.consumed: Counter[str] = Counter()
        self.redelivered: Counter[str] = Counter()
        self._tag = ""

    async def _declare(self, link: Link) -> None:
        raise NotImplementedError

    def _take(self, delivery: Delivery) -> None:
        raise NotImplementedError

    async def _set_up(self, link: Link) -> None:
        await self._declare(link)
        await link.qos(self._prefetch)
        self._tag = await link.consume(self.queue, self._take)

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        await self.link.start(timeout_s, patient=patient)

    async def state(self) -> QueueState:
        """What waits in the queue, and how many take from it. Errors: LinkDown."""
        return await self.link.declare_queue(self.queue, passive=True)

    async def drain(self) -> None:
        """Takes no more deliveries; those under way are finished by their handlers."""
        if self.link.up:
            await self.link.cancel(self._tag)

    async def stop(self, grace_s: float = 5.0) -> None:
        await self.link.stop(grace_s)

    def _count(self, delivery: Delivery, name: str) -> bool:
        """Whether it was delivered before."""
        self.consumed[name] += 1
        if again := deliveries_before(delivery) > 0:
            self.redelivered[name] += 1
        return again
