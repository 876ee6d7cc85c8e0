"""Notifications behind the processor on a store of documents: what is told again, what can never be written, and what
an API lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pymongo
import pytest

from tests.support.mongodb import own_database
from tradewind.contracts.notifications import ListNotifications
from tradewind.contracts.orders import Line, OrderCreated
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.core.dead_letters import ListDeadLetters
from tradewind.core.model import NOBODY, Caller
from tradewind.engine.platform import Platform
from tradewind.runtime.documents import open_documents
from tradewind.services.notifications.service import notifications

pytestmark = pytest.mark.mongodb
NONE = Money(0, "EUR")


class Nowhere:
    up = False

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return False


@pytest.fixture
def url() -> Iterator[str]:
    with own_database("platform") as found:
        yield found


@asynccontextmanager
async def running(url: str, *apis: str) -> AsyncIterator[Platform]:
    store = open_documents(url, ["notifications"], apis)
    clock = SystemClock()
    made = Platform(store, [notifications(texts="brief")], clock, bus=Nowhere(), delays_ms=(20,))
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def say(platform: Platform, order: str, customer: str = "1", quantity: int = 3) -> str:
    """How the delivery ends."""
    event = OrderCreated(order, customer, (Line("101", "", "", quantity, NONE, NONE),), NONE, 0, 0)
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    record = EventRecord("", "", "order.created", event.key, "", "", 0, 0, event)
    platform.receive(record, "notifications", ended.set_result)
    async with asyncio.timeout(60):
        return await ended


async def test_what_can_never_be_written_is_a_dead_letter_and_stops_nobody(url: str) -> None:
    async with running(url, "graphql-notifications") as platform:
        said = await asyncio.gather(*[say(platform, str(n), "ada" if n == 5 else "1") for n in range(1, 11)])
        assert said == [""] * 10

        async def dead() -> list[Any]:
            return list((await platform.ask(ListDeadLetters(100, ""))).data)

        async with asyncio.timeout(60):
            while [letter.status for letter in await dead()] != ["DEAD"]:
                await asyncio.sleep(0.02)
        (letter,) = await dead()
        assert letter.name == "order.created" and '"ada"' in letter.body
        assert (await platform.stats())["services"]["notifications"]["parked"] == 1
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        told = [one["orderId"] for one in client.get_default_database().notifications.find()]
    assert sorted(told) == [1, 2, 3, 4, 6, 7, 8, 9, 10]


async def test_an_order_is_told_of_once_by_two_copies_whatever_comes_again(url: str) -> None:
    async with running(url, "graphql-notifications") as one, running(url, "graphql-notifications") as other:
        for _ in range(3):
            said = [say(each, str(n), quantity=4) for n in range(1, 40) for each in (one, other)]
            assert set(await asyncio.gather(*said)) == {""}
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        found = list(client.get_default_database().notifications.find())
    assert sorted(one["orderId"] for one in found) == list(range(1, 40))
    assert {one["message"] for one in found} == {f"Order {n} created with 4 items" for n in range(1, 40)}


async def test_an_api_lists_them_in_pages(url: str) -> None:
    async with running(url) as platform:
        for n in range(5):
            await say(platform, f"order-{n}", "ada" if n % 2 else "bob")
        ada = Caller("ada", "customer")
        page = await platform.ask(ListNotifications(limit=1), ada)
        more = await platform.ask(ListNotifications(limit=1, cursor=page.next_cursor), ada)
        assert [one.order_id for one in (*page.data, *more.data)] == ["order-3", "order-1"]
        assert more.next_cursor is None
        everything = await platform.ask(ListNotifications(), Caller("root", "admin"))
        assert len(everything.data) == 5
        assert (await platform.ask(ListNotifications("order-2"), NOBODY)).data == []
