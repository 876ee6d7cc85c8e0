"""Whose prices count, and whether an order may name what the catalogue lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.policies.shop import ADA, ADMIN, PRICE, opened
from tradewind.contracts.inventory import ChangeProduct
from tradewind.contracts.policies import Policies

ELSEWHERE = "7c69ae16-a49a-4c3b-b507-88e40093a637"
CLIENT: dict[str, Any] = {"pricing": "client", "products": "any"}


@pytest.mark.parametrize(("payment", "ends"), [("on-order", "CONFIRMED"), ("on-stock", "FAILED")])
async def test_client_an_order_may_name_any_product_at_any_price(
    tmp_path: Path, payment: Any, ends: str
) -> None:
    """Held stock is asked for all the same, where the payment waits for it."""
    async with opened(tmp_path, Policies(payment=payment, **CLIENT)) as shop:
        placed = await shop.priced(ELSEWHERE, 2, 1_250)
        found = await shop.ended(placed)
        assert (found.status, found.total.amount) == (ends, 2_500)
        assert (found.failure.code if found.failure else "") == ("out_of_stock" if ends == "FAILED" else "")
        assert await shop.audit() == {}


async def test_client_the_price_of_a_product_that_is_known_does_not_count(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(**CLIENT)) as shop:
        placed = await shop.priced(await shop.product(), 1, 1)
        found = await shop.ended(placed)
        assert (found.status, found.total.amount, found.items[0].unit_price.amount) == ("CONFIRMED", 1, 1)
        (charge,) = await shop.provider.entries()
        assert charge.taken == 1
        assert await shop.audit() == {}


async def test_client_a_withdrawn_product_is_sold_as_long_as_there_is_stock(tmp_path: Path) -> None:
    """Nobody looks into the catalogue: what was withdrawn is as good as what was never there."""
    async with opened(tmp_path, Policies(**CLIENT)) as shop:
        tea = await shop.product(stock=1)
        await shop.done(ChangeProduct(tea, status="WITHDRAWN"), ADMIN)
        assert (await shop.ended(await shop.priced(tea, 1, 1))).status == "CONFIRMED"
        failed = (await shop.ended(await shop.priced(tea, 1, 1))).failure
        assert failed is not None and failed.code == "out_of_stock"
        assert await shop.audit() == {}


async def test_catalogue_only_our_price_is_taken(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies()) as shop:
        tea = await shop.product()
        with pytest.raises(AssertionError, match="price_changed"):
            await shop.priced(tea, 1, 1)
        found = await shop.ended(await shop.priced(tea, 1, PRICE))
        assert (found.status, found.customer_id) == ("CONFIRMED", ADA.id)
        with pytest.raises(AssertionError, match="unknown_product"):
            await shop.priced(ELSEWHERE, 1, PRICE)
        assert await shop.audit() == {}


async def test_ids_of_version_4_are_those_of_every_business_record(tmp_path: Path) -> None:
    async with opened(tmp_path, Policies(ids="v4")) as shop:
        tea = await shop.product()
        found = await shop.ended(await shop.place())
        assert (tea[14], found.id[14], found.status) == ("4", "4", "CONFIRMED")
        told = await shop.said(found.id)
        assert told[0] == "order.created" and told.index("payment.requested") < told.index("order.confirmed")
        assert await shop.audit() == {}
