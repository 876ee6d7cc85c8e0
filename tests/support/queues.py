"""Queues of a test's own on a real RabbitMQ: names that no other run has, deleted at the end, and a look into
them from outside.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from pamqp import base, commands, frame

from tests.support.needs import RABBITMQ, unmet
from tradewind.drivers.rabbitmq.amqp import Delivery, Link, Properties
from tradewind.drivers.rabbitmq.amqp.methods import Call

URL = "TRADEWIND_TEST_RABBITMQ_URL"
PATIENCE_S = 90.0


def broker() -> str:
    """The server of the tests; skips where there is none."""
    return os.environ.get(URL, "") or unmet(RABBITMQ)


def fresh(word: str = "queue") -> str:
    return f"test-{word}-{uuid.uuid4().hex[:12]}"


async def do(link: Link, method: base.Frame, answer: str) -> Any:
    """Any method that `Link` has no use for."""
    assert link._life is not None
    return await link._life.call(Call(frame.marshal(method, 1), answer))


@asynccontextmanager
async def outside(url: str, *, mine: tuple[str, ...] = ()) -> AsyncIterator[Outside]:
    """A connection of nobody who is under test. Deletes the queues in `mine` at the end."""
    link = Link(url, name="test")
    await link.start()
    try:
        yield Outside(link)
    finally:
        if link.up:
            for queue in mine:
                await do(link, commands.Queue.Delete(queue=queue), "Queue.DeleteOk")
        await link.stop()


class Outside:
    """Sends any bytes to a queue, and sees what is in one."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def send(self, queue: str, body: bytes, properties: Properties | None = None) -> None:
        self.link.publish("", queue, body, properties or Properties())

    async def depth(self, queue: str) -> int:
        return (await self.link.declare_queue(queue, passive=True)).messages

    async def inbox(self) -> Inbox:
        """A queue that goes with this connection."""
        inbox = Inbox(fresh("inbox"))
        await self.link.declare_queue(inbox.name, durable=False, exclusive=True)
        await self.link.consume(inbox.name, inbox.heard.put_nowait, no_ack=True)
        return inbox


class Inbox:
    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: asyncio.Queue[Delivery] = asyncio.Queue()

    async def next(self) -> Delivery:
        async with asyncio.timeout(PATIENCE_S):
            return await self.heard.get()


async def until(true: Callable[[], object], what: str = "it") -> None:
    """Waits for what comes by itself."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what} has not come in {PATIENCE_S:g} s") from None
