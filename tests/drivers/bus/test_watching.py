"""A process that watches hears the keys of events as long as it listens, and leaves no queue behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.queues import broker, fresh
from tradewind.drivers.rabbitmq.amqp import Link, Properties
from tradewind.drivers.rabbitmq.amqp.errors import LinkDown
from tradewind.drivers.rabbitmq.watching import Watcher

pytestmark = pytest.mark.rabbitmq


def say(link: Link, exchange: str, name: str, key: str) -> None:
    link.publish(exchange, name, b"{}", Properties(headers={"key": key}))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def test_each_copy_hears_and_nobody_is_kept_waiting_for() -> None:
    url, exchange = broker(), fresh("events")
    heard: list[list[str]] = [[], []]
    copies = [Watcher(url, ["order.*"], keys.append, name="gateway", exchange=exchange) for keys in heard]
    link = Link(url, name="test")
    await link.start()
    for copy in copies:
        await copy.start()
    say(link, exchange, "order.created", "one")
    say(link, exchange, "product.listed", "two")
    say(link, exchange, "order.confirmed", "three")
    await until(lambda: heard == [["one", "three"], ["one", "three"]])
    queue = f"{copies[1]._begin}.1"
    await copies[1].stop()
    with pytest.raises(LinkDown, match="no queue"):
        await link.declare_queue(queue, passive=True)
    await copies[0].stop()
    await link.stop()


async def test_it_listens_again_after_its_connection_was_lost() -> None:
    url, exchange = broker(), fresh("events")
    heard: list[str] = []
    watcher = Watcher(url, ["order.*"], heard.append, name="gateway", exchange=exchange)
    link = Link(url, name="test")
    await link.start()
    await watcher.start()
    assert watcher.link._life is not None
    watcher.link._life.fail(LinkDown("cut by the test"))
    await until(lambda: watcher.link.up and watcher._lives == 2)
    say(link, exchange, "order.created", "again")
    await until(lambda: heard == ["again"])
    await watcher.stop()
    await link.stop()
