"""Whether orders knows the customers whom an order names, and whether a caller proves who he is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.policies.shop import ADMIN, PRICE, Shop, opened
from tradewind.contracts.orders import ListOrders
from tradewind.contracts.policies import Policies
from tradewind.contracts.users import AddUser, DeleteUser
from tradewind.core.model import NOBODY, Caller
from tradewind.services.orders.customers import Customer
from tradewind.services.orders.storage import CUSTOMERS

MADE = Policies(customers="made-when-named")
STRANGER = Caller("1651654165", "customer")


async def customers(shop: Shop) -> dict[str, Customer]:
    found = await shop.store.find(CUSTOMERS, CUSTOMERS.rows.select(), {})
    return {customer.id: customer for customer in found}


async def test_made_when_named_a_customer_gets_one_row(tmp_path: Path) -> None:
    async with opened(tmp_path, MADE) as shop:
        await shop.product(stock=100)
        placed = await asyncio.gather(*(shop.place(caller=STRANGER) for _ in range(10)))
        assert {(await shop.ended(order)).status for order in placed} == {"CONFIRMED"}
        await shop.ended(await shop.place(caller=STRANGER))
        made = await customers(shop)
        assert made.keys() == {STRANGER.id}
        first = await shop.order(min(placed))
        assert made[STRANGER.id] == Customer(STRANGER.id, made[STRANGER.id].created_at)
        assert first.customer_id == STRANGER.id
        assert await shop.audit() == {}


async def test_made_when_named_a_refused_order_makes_no_customer(tmp_path: Path) -> None:
    async with opened(tmp_path, MADE) as shop:
        shop.tea = "0192f0c1-0000-7000-8000-000000000001"
        with pytest.raises(AssertionError, match="unknown_product"):
            await shop.place(caller=STRANGER)
        assert await customers(shop) == {}


async def test_made_when_named_a_deletion_blanks_the_row_and_keeps_it(tmp_path: Path) -> None:
    async with opened(tmp_path, MADE) as shop:
        await shop.product()
        user = await shop.done(AddUser("ada@example.com", "Ada", "hash"))
        buyer = Caller(user["id"], "customer")
        await shop.ended(await shop.place(caller=buyer))
        await shop.rest()
        shop.spoil("UPDATE orders_customers SET name = 'Ada', email = 'ada@example.com', zip_code = '1'")
        await shop.done(DeleteUser(user["id"]), ADMIN)
        await shop.rest()
        assert await customers(shop) == {
            buyer.id: Customer(buyer.id, (await customers(shop))[buyer.id].created_at)
        }


@pytest.mark.parametrize("policy", ["must-exist", "any"])
async def test_else_nobody_looks_and_no_row_is_made(tmp_path: Path, policy: Any) -> None:
    async with opened(tmp_path, Policies(customers=policy)) as shop:
        await shop.product()
        assert (await shop.ended(await shop.place(caller=STRANGER))).status == "CONFIRMED"
        assert await customers(shop) == {}


async def test_open_a_caller_need_not_say_who_he_is(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(access="open", customers="any")) as shop:
        await shop.product()
        placed = await shop.place(caller=NOBODY)
        found = await shop.ended(placed)
        assert (found.status, found.customer_id, found.total.amount) == ("CONFIRMED", "", PRICE)
        listed = (await shop.gateway.ask(ListOrders(), ADMIN)).data
        assert [order.id for order in listed] == [placed]
        assert await shop.audit() == {}
