"""What the tests of links share: a place for what comes, and waiting for a condition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tradewind.drivers.rabbitmq.amqp import Delivery, Link
from tradewind.drivers.rabbitmq.amqp.link import Setup

PATIENCE_S = 45.0


class Kept:
    """Deliveries, and the ends of messages."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.outcomes: list[str] = []

    @property
    def bodies(self) -> list[bytes]:
        return [delivery.body for delivery in self.deliveries]

    def consuming(
        self, queue: str, *, no_ack: bool = False, durable: bool = False, done: bool = False
    ) -> Setup:
        """A setup: the queue, and we as its consumer; `done` acks all. A queue that is not durable ends with
        its consumer.
        """

        async def setup(link: Link) -> None:
            def take(delivery: Delivery) -> None:
                self.deliveries.append(delivery)
                if done:
                    link.ack(delivery)

            await link.declare_queue(queue, durable=durable, auto_delete=not durable)
            await link.consume(queue, take, no_ack=no_ack)

        return setup


async def until(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Waits for it to be true, and fails when it does not become so."""
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.002)
