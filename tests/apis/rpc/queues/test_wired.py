"""One line away from the published blueprint: a recorded order holds its stock, is paid, and is confirmed or
fails.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.rpc.queues.support import Asked
from tests.support.databases import Place
from tradewind.apis.rpc.queues import Values, inventory_handlers, order_handlers, payment_handlers
from tradewind.contracts.policies import Policies
from tradewind.core.clock import SystemClock
from tradewind.engine.platform import Platform
from tradewind.runtime.schema import schemas
from tradewind.services.inventory.service import inventory
from tradewind.services.orders.service import orders
from tradewind.services.payments.provider.sandbox import Sandbox
from tradewind.services.payments.service import payments

PRICED = {
    "client": Policies(pricing="client", products="any", customers="any", access="open"),
    "catalogue": Policies(customers="any", access="open"),
}


@pytest.fixture(params=["client", "catalogue"])
async def asked(request: pytest.FixtureRequest, sqlite: Place, tmp_path: Path) -> AsyncIterator[Asked]:
    sqlite.fill(*schemas(("orders", "inventory", "payments")))
    clock = SystemClock()
    provider = Sandbox(tmp_path / "provider.db", clock=clock.now, random=random.Random(7), commit_inline=True)
    provider.start()
    policies = PRICED[request.param]
    services = [
        orders(60_000, policies=policies, payment_token="tok_ok"),
        inventory(policies=policies),
        payments(provider, policies=policies),
    ]
    platform = Platform(sqlite.store(), services, clock)
    await platform.start()
    values = Values("EUR")
    yield Asked(
        {
            **order_handlers(platform, values),
            **inventory_handlers(platform, values),
            **payment_handlers(platform, values),
        }
    )
    await platform.stop()
    await provider.close()


async def ended(asked: Asked, order_id: str) -> Any:
    async with asyncio.timeout(60):
        while (order := await asked.answer("get_order_by_id", {"id": order_id}))["status"] == "PENDING":
            await asyncio.sleep(0.01)
    return order


async def test_an_order_holds_its_stock_and_is_paid(asked: Asked) -> None:
    tea = await asked.answer(
        "create_product", {"dto": {"name": "Assam", "sku": "TEA", "stock": 5, "price": 29.99}}
    )
    order = {"items": [{"productId": tea["id"].upper(), "quantity": 2, "price": 29.99}], "total": 59.98}
    made = await asked.answer("create_order", {"dto": order, "idempotencyKey": "k"})
    assert made["status"] == "PENDING" and made["total"] == 59.98
    assert (await ended(asked, made["id"]))["status"] == "CONFIRMED"
    (payment,) = await asked.answer("get_payments_by_order_id", {"orderId": made["id"]})
    assert (payment["amount"], payment["status"]) == (59.98, "COMPLETED")
    assert (await asked.answer("get_product_by_id", {"id": tea["id"]})) == {**tea, "reservedStock": 2}


async def test_an_order_for_more_than_there_is_fails(asked: Asked) -> None:
    tea = await asked.answer(
        "create_product", {"dto": {"name": "Assam", "sku": "TEA", "stock": 1, "price": 1}}
    )
    order = {"items": [{"productId": tea["id"], "quantity": 2, "price": 1}], "total": 2}
    made = await asked.answer("create_order", {"dto": order})
    assert (await ended(asked, made["id"]))["status"] == "FAILED"
    assert await asked.answer("get_payments_by_order_id", {"orderId": made["id"]}) == []
