"""Hears all events in a queue of its own, as another system would: each must come, at least once, under one
id.
"""

from __future__ import annotations

import asyncio

from tradewind.drivers.rabbitmq.amqp import Delivery, Link
from tradewind.drivers.rabbitmq.bus import EXCHANGE

QUEUE = "faults.heard"
LONGEST_S = 120.0


def listen(url: str) -> None:
    """From now on; the broker keeps them until they are collected."""

    async def bind(link: Link) -> None:
        await link.declare_exchange(EXCHANGE, "topic", durable=True)
        await link.declare_queue(QUEUE, durable=True)
        await link.bind(QUEUE, EXCHANGE, "#")

    async def once() -> None:
        link = Link(url, name="faults listens", setup=bind)
        await link.start()
        await link.stop()

    asyncio.run(once())


def collect(url: str) -> list[tuple[str, str, str, str]]:
    """Source, id, name, key of each that has come, copies too. Errors: TimeoutError."""

    async def all_of_them() -> list[tuple[str, str, str, str]]:
        found: list[tuple[str, str, str, str]] = []
        there, enough = asyncio.Event(), 0

        def take(delivery: Delivery) -> None:
            properties = delivery.properties
            headers = properties.headers or {}
            found.append(
                (str(headers.get("source")), properties.message_id, properties.type, str(headers.get("key")))
            )
            link.ack(delivery)
            if len(found) >= enough:
                there.set()

        link = Link(url, name="faults collects")
        await link.start()
        enough = (await link.declare_queue(QUEUE, passive=True)).messages
        await link.qos(256)
        await link.consume(QUEUE, take)
        if enough:
            async with asyncio.timeout(LONGEST_S):
                await there.wait()
        await link.stop()
        return found

    return asyncio.run(all_of_them())
