"""Whether a new user gets a first order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.policies.shop import ADMIN, Shop, opened
from tradewind.contracts.orders import ListOrders, OrderView
from tradewind.contracts.payments import ListPayments
from tradewind.contracts.policies import Policies
from tradewind.contracts.users import AddUser
from tradewind.contracts.values import Money

WELCOME: dict[str, Any] = {"welcome": "on", "payment": "on-order", "invoice": "none"}


async def orders(shop: Shop) -> list[OrderView]:
    found: list[OrderView] = (await shop.gateway.ask(ListOrders(limit=100), ADMIN)).data
    return found


async def test_a_new_user_gets_an_order_of_nothing_which_is_paid_without_a_charge(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(**WELCOME), currency="USD") as shop:
        user = await shop.done(AddUser("ada@example.com", "Ada", "hash"))
        await shop.rest()
        (order,) = await orders(shop)
        assert (order.customer_id, order.status, order.total) == (user["id"], "CONFIRMED", Money(0, "USD"))
        (line,) = order.items
        assert (line.product_id, line.quantity, line.unit_price) == ("welcome-product", 1, Money(0, "USD"))
        assert await shop.said(order.id) == ["order.created", "payment.completed", "order.confirmed"]
        (payment,) = (await shop.gateway.ask(ListPayments(order_id=order.id), ADMIN)).data
        assert (payment.status, payment.amount) == ("COMPLETED", Money(0, "USD"))
        assert await shop.provider.entries() == []
        assert await shop.audit() == {}


async def test_users_that_come_at_once_get_one_each(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(**WELCOME, ids="v4")) as shop:
        await asyncio.gather(
            *(shop.done(AddUser(f"{n}@example.com", "Ada", "hash"), claim=f"c{n % 10}") for n in range(10)),
            *(shop.send(AddUser(f"{n}@example.com", "Ada", "hash"), claim=f"c{n % 10}") for n in range(10)),
        )
        await shop.rest()
        found = await orders(shop)
        assert len(found) == len({order.customer_id for order in found}) == 10
        assert {order.id[14] for order in found} == {"4"}
        assert await shop.audit() == {}


async def test_without_a_payment_the_welcome_order_stays_pending(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(welcome="on", payment="none", invoice="none")) as shop:
        await shop.done(AddUser("ada@example.com", "Ada", "hash"))
        await shop.rest()
        assert [order.status for order in await orders(shop)] == ["PENDING"]
        assert await shop.audit() == {}


@pytest.mark.parametrize("payment", ["on-stock", "on-order"])
async def test_off_a_user_gets_none(tmp_path: Path, payment: Any) -> None:
    async with opened(tmp_path, Policies(payment=payment)) as shop:
        await shop.done(AddUser("ada@example.com", "Ada", "hash"))
        await shop.rest()
        assert await orders(shop) == []
