"""A client may wait for an order's end with one request; it waits no longer than it asked to, and not too
many wait.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.apis.v1.fakes import CUSTOMER, ORDER, Shop, settled
from tradewind.apis.v1.waiting import preferred
from tradewind.contracts.orders import GetOrder
from tradewind.core.model import Refused
from tradewind.core.store import StoreUnavailable

ONE = f"/api/v1/orders/{ORDER}"


class Order(msgspec.Struct):
    status: str


class Story:
    """An order that is confirmed after some seconds of the world's time; hints come at each of `hints`."""

    def __init__(self, shop: Shop, final_after: float, hints: tuple[float, ...] = ()) -> None:
        self.shop, self.final_at = shop, shop.clock.at + int(final_after * 1_000)
        self.hints = [shop.clock.at + int(at * 1_000) for at in hints]
        self.waits: list[float] = []
        shop.gateway.views[GetOrder] = self.look
        shop.gateway.waits = self.wait

    def look(self, query: Any) -> Order:
        return Order("CONFIRMED" if self.shop.clock.at >= self.final_at else "PENDING")

    async def wait(self, key: str, timeout: float) -> bool:
        async with asyncio.timeout(timeout):  # what the real gateway does: it must be in a task
            await asyncio.sleep(0)
        assert key == ORDER
        self.waits.append(timeout)
        until = self.shop.clock.at + int(timeout * 1_000)
        hint = min([at for at in self.hints if self.shop.clock.at < at <= until], default=None)
        self.shop.clock.at = until if hint is None else hint
        return hint is not None


async def asked(shop: Shop, prefer: str) -> Any:
    return await shop.settle(
        "GET", ONE, token=shop.token(CUSTOMER), headers={"prefer": prefer} if prefer else {}
    )


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=5", 5),
        ("wait=30", 30),
        ("wait=31", 30),
        ("wait=999999999", 30),
        ("wait=0", 0),
        ('wait="7"', 7),
        ("Wait = 7", 7),
        ("respond-async, wait=10", 10),
        ("wait=10; foo=bar", 10),
        ("handling=lenient; wait=3", 3),
        ("return=minimal", 0),
        ("wait", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=x", 0),
        ("await=5", 0),
        ("", 0),
    ],
)
def test_what_a_client_prefers(prefer: str, seconds: int) -> None:
    assert preferred({b"prefer": prefer.encode()}) == seconds


async def test_the_answer_comes_when_the_order_is_final() -> None:
    shop = Shop()
    story, start = Story(shop, 3.2, hints=(0.5, 3.2)), shop.clock.at
    answer = await asked(shop, "wait=10")
    assert (answer.status, answer.json, answer.headers["preference-applied"]) == (
        200,
        {"status": "CONFIRMED"},
        "wait=10",
    )
    assert shop.clock.at - start == 3_200
    assert len(story.waits) == 4


async def test_a_lost_hint_costs_a_second() -> None:
    shop = Shop()
    Story(shop, 3.2)
    start = shop.clock.at
    assert (await asked(shop, "wait=10")).json == {"status": "CONFIRMED"}
    assert shop.clock.at - start == 4_000


async def test_the_answer_comes_when_the_time_is_up() -> None:
    shop = Shop()
    Story(shop, 100)
    start = shop.clock.at
    answer = await asked(shop, "wait=60")
    assert (answer.json, answer.headers["preference-applied"]) == ({"status": "PENDING"}, "wait=30")
    assert shop.clock.at - start == 30_000


async def test_a_final_order_is_shown_at_once_and_without_the_wish_any_order() -> None:
    shop = Shop()
    story = Story(shop, 0)
    answer = shop.ask("GET", ONE, token=shop.token(CUSTOMER), headers={"prefer": "wait=10"})
    assert (answer.json, answer.headers["preference-applied"]) == ({"status": "CONFIRMED"}, "wait=10")
    story.final_at += 10_000
    answer = shop.ask("GET", ONE, token=shop.token(CUSTOMER))
    assert (answer.json, "preference-applied" in answer.headers) == ({"status": "PENDING"}, False)


async def test_who_comes_when_too_many_wait_is_answered_at_once() -> None:
    shop = Shop(waiters=2)
    story, go_on = Story(shop, 1), asyncio.Event()
    whole = story.wait

    async def wait(key: str, timeout: float) -> bool:
        await go_on.wait()
        return await whole(key, timeout)

    shop.gateway.waits = wait
    waiting = [
        shop.send("GET", ONE, token=shop.token(CUSTOMER), headers={"prefer": "wait=10"}) for _ in range(2)
    ]
    answer = shop.ask("GET", ONE, token=shop.token(CUSTOMER), headers={"prefer": "wait=10"})
    assert (answer.json, "preference-applied" in answer.headers) == ({"status": "PENDING"}, False)
    go_on.set()
    assert [(await settled(one)).json["status"] for one in waiting] == ["CONFIRMED"] * 2
    assert shop.edge._waiting._waiting == 0


@pytest.mark.parametrize(("error", "status"), [(Refused("not_found", 404), 404), (StoreUnavailable(), 503)])
async def test_an_error_while_somebody_waits(error: Exception, status: int) -> None:
    shop = Shop()
    Story(shop, 100)
    looks: list[Any] = [Order("PENDING"), error]
    shop.gateway.views[GetOrder] = lambda query: looks.pop(0)
    assert (await asked(shop, "wait=10")).status == status
    assert shop.edge._waiting._waiting == 0


async def test_nobody_holds_up_a_shutdown() -> None:
    shop = Shop()
    story = Story(shop, 100)
    whole = story.wait

    async def wait(key: str, timeout: float) -> bool:
        shop.edge.drain()
        return await whole(key, timeout)

    shop.gateway.waits = wait
    assert (await asked(shop, "wait=30")).json == {"status": "PENDING"}
    assert story.waits == [1.0]
    assert shop.ask("GET", "/health/ready").json == {"status": "not ready", "missing": ["shutting down"]}
