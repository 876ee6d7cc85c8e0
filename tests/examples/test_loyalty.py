"""The worked example of docs/guides/extend.md: alone, and as a seventh service in the whole shop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.loyalty.addition import LOYALTY
from examples.loyalty.domain import Account, Earned
from examples.loyalty.service import SERVICE
from tests.support.http import Answer, Connection
from tests.support.memory import Memory
from tests.support.shop import basket, until
from tradewind.contracts.orders import OrderConfirmed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.values import Money
from tradewind.core.manifest import Manifest
from tradewind.core.model import Context, Event
from tradewind.observability.access import AccessLog
from tradewind.observability.sink import Sink
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import config as settings
from tradewind.runtime import drafts, migrations
from tradewind.runtime.processes.built import BuiltProcess
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import schema_of

ADMIN, ADA, BOB = [
    {"email": f"{name}@example.org", "password": f"{name} has points"} for name in ("admin", "ada", "bob")
]


def paid(amount: int, order: str = "o1") -> OrderConfirmed:
    return OrderConfirmed(order, "ada", Money(amount, "EUR"))


def refunded(so_far: int, order: str = "o1") -> PaymentRefunded:
    return PaymentRefunded(order, "ada", "p", f"r{so_far}", Money(1, "EUR"), Money(so_far, "EUR"), False, "")


def points(*heard: Event) -> int:
    memory = Memory(SERVICE)
    for event in heard:
        memory.tell(event, Context(1_000))
    accounts = memory.all(Account)
    assert sum(order.points for order in memory.all(Earned)) == sum(account.points for account in accounts)
    return accounts[0].points if accounts else 0


def test_points_are_for_what_was_paid_and_kept() -> None:
    assert points(paid(1_999)) == 19
    assert points(paid(1_999), refunded(500)) == 14
    assert points(paid(1_999), refunded(500), refunded(1_999)) == 0
    assert points(paid(1_999), paid(2_000, "o2")) == 39
    assert points(refunded(1_999)) == 0, "an order that was never confirmed has earned nothing"


@given(st.permutations([paid(1_999), refunded(500), refunded(700), paid(301, "o2"), refunded(301, "o2")]))
def test_the_order_of_what_is_heard_makes_no_difference(heard: Sequence[Event]) -> None:
    assert points(*heard) == 12


def test_the_steps_lead_to_the_tables(tmp_path: Path) -> None:
    assert drafts.new(schema_of(LOYALTY), "nothing") is None
    assert migrations.up("", tmp_path, [schema_of(LOYALTY)]) == [
        "loyalty engine_0001_messages",
        "loyalty engine_0002_counters",
        "loyalty 0001_first",
    ]
    assert migrations.down("", tmp_path, schema_of(LOYALTY), 0) == [
        "loyalty 0001_first",
        "loyalty engine_0002_counters",
        "loyalty engine_0001_messages",
    ]


class Visitor:
    """Speaks to the shop over HTTP, from a thread beside its loop."""

    def __init__(self, url: str) -> None:
        self._connection = Connection(urlsplit(url).port or 0)
        self._tokens: dict[str, str] = {}
        self.close = self._connection.close

    def call(self, method: str, path: str, body: Any = None, *, who: dict[str, str], **how: Any) -> Answer:
        if who["email"] not in self._tokens:
            self._tokens[who["email"]] = self._connection.call("POST", "/api/v1/auth/login", who).json[
                "accessToken"
            ]
        return self._connection.call(method, f"/api/v1{path}", body, token=self._tokens[who["email"]], **how)

    def furnish(self) -> None:
        for person in (ADA, BOB):
            assert (
                self._connection.call("POST", "/api/v1/auth/register", {**person, "name": "Somebody"}).status
                == 201
            )
        product = {"sku": "TEA", "name": "Tea", "price": {"amount": 1_999, "currency": "EUR"}, "stock": 100}
        assert self.call("POST", "/products", product, who=ADMIN).status == 201

    def order(self) -> str:
        order = self.call("POST", "/orders", basket("tok_ok", ("TEA", 2)), who=ADA).json["id"]
        assert (
            self.call("GET", f"/orders/{order}", who=ADA, headers={"Prefer": "wait=30"}).json["status"]
            == "CONFIRMED"
        )
        return str(order)

    def points_of(self, who: dict[str, str], seen_by: dict[str, str]) -> Answer:
        me = self.call("GET", "/users/me", who=who).json["id"]
        return self.call("GET", f"/customers/{me}/points", who=seen_by)

    def has(self, points: int) -> bool:
        return bool(self.points_of(ADA, ADA).json["points"] == points)


@asynccontextmanager
async def shop(data: Path, *additions: Manifest) -> AsyncIterator[Visitor]:
    given = {
        "DATA": str(data),
        "PORT": "0",
        "ADMIN_EMAIL": ADMIN["email"],
        "ADMIN_PASSWORD": ADMIN["password"],
    }
    config = settings.load({f"TRADEWIND_{name}": text for name, text in given.items()})
    with open(os.devnull, "wb") as nowhere:
        chosen = blueprints.load("default", folder=FOLDER, services=SERVICES, environment={})
        log = AccessLog(Sink(nowhere.fileno()))
        built = BuiltProcess(config, chosen, chosen.front, additions=additions, log=log)
        visitor = Visitor(await built.start())
        try:
            yield visitor
        finally:
            visitor.close()
            await built.stop()


async def test_points_come_with_an_order_and_go_with_a_refund(tmp_path: Path) -> None:
    async with shop(tmp_path, LOYALTY) as visitor:
        await asyncio.to_thread(earn_and_give_back, visitor)


def earn_and_give_back(visitor: Visitor) -> None:
    visitor.furnish()
    assert visitor.points_of(ADA, ADA).json["points"] == 0
    order = visitor.order()
    until(lambda: visitor.has(39), "39 points for 39.98")
    assert visitor.points_of(ADA, ADMIN).json["points"] == 39
    assert visitor.points_of(ADA, BOB).status == 404
    refund = {"amount": {"amount": 1_000, "currency": "EUR"}, "reason": "a dent"}
    assert visitor.call("POST", f"/orders/{order}/refunds", refund, who=ADMIN).status == 201
    until(lambda: visitor.has(29), "10 points less")
    assert visitor.call("GET", "/ops/stats", who=ADMIN).json["services"]["loyalty"]["parked"] == 0


@pytest.mark.slow
async def test_a_service_that_comes_later_reads_what_was_said_before(tmp_path: Path) -> None:
    async with shop(tmp_path) as visitor:
        await asyncio.to_thread(visitor.furnish)
        await asyncio.to_thread(visitor.order)
        absent = await asyncio.to_thread(visitor.points_of, ADA, ADA)
        assert absent.status == 404
    async with shop(tmp_path, LOYALTY) as visitor:
        await asyncio.to_thread(until, lambda: visitor.has(39), "the order of before is counted")
