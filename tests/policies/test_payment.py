"""What starts the charge of an order: its held stock, the order itself, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policies.shop import ADMIN, PRICE, Shop, opened
from tradewind.contracts.inventory import GetProduct
from tradewind.contracts.orders import CancelOrder
from tradewind.contracts.payments import ListPayments, PaymentView
from tradewind.contracts.policies import Policies

ON_ORDER = Policies(payment="on-order")
NONE = Policies(payment="none", invoice="none")


async def payments(shop: Shop, order_id: str) -> list[PaymentView]:
    found: list[PaymentView] = (await shop.gateway.ask(ListPayments(order_id=order_id), ADMIN)).data
    return found


async def test_on_order_the_order_itself_is_charged_and_no_stock_is_asked(tmp_path: Path) -> None:
    async with opened(tmp_path, ON_ORDER) as shop:
        tea = await shop.product(stock=1)
        placed = await shop.place(quantity=3)  # more than there is
        assert (await shop.ended(placed)).status == "CONFIRMED"
        assert await shop.said(placed) == [
            "order.created",
            "payment.completed",
            "order.confirmed",
            "invoice.issued",
        ]
        (paid,) = await payments(shop, placed)
        assert (paid.status, paid.amount.amount) == ("COMPLETED", 3 * PRICE)
        kept = await shop.gateway.ask(GetProduct(tea), ADMIN)
        assert (kept.on_hand, kept.held, kept.committed) == (1, 0, 0)
        assert await shop.audit() == {}


@pytest.mark.parametrize(
    ("setting", "own", "ends"),
    [("tok_declined", "tok_ok", "FAILED"), ("tok_ok", "tok_declined", "CONFIRMED")],
)
async def test_on_order_the_settings_token_pays(tmp_path: Path, setting: str, own: str, ends: str) -> None:
    async with opened(tmp_path, ON_ORDER, payment_token=setting) as shop:
        await shop.product()
        placed = await shop.place(token=own)
        found = await shop.ended(placed)
        assert found.status == ends
        assert "payment.requested" not in await shop.said(placed)
        assert await shop.audit() == {}


@pytest.mark.parametrize("token", ["tok_charged_no_answer", "tok_error_then_ok", "tok_no_answer"])
async def test_on_order_a_charge_is_made_once_whatever_the_provider_does(tmp_path: Path, token: str) -> None:
    async with opened(tmp_path, ON_ORDER, payment_token=token) as shop:
        await shop.product()
        assert (await shop.ended(await shop.place())).status == "CONFIRMED"
        assert [entry.charges for entry in await shop.provider.entries()] == [1]
        assert await shop.audit() == {}


async def test_on_order_a_cancelled_order_gets_its_money_back(tmp_path: Path) -> None:
    async with opened(tmp_path, ON_ORDER) as shop:
        await shop.product()
        placed = await shop.place()
        await shop.ended(placed)
        await shop.done(CancelOrder(placed))
        await shop.rest()
        assert [payment.status for payment in await payments(shop, placed)] == ["REFUNDED"]
        assert await shop.audit() == {}


async def test_none_leaves_an_order_as_it_is_placed(tmp_path: Path) -> None:
    async with opened(tmp_path, NONE, order_deadline_s=0.1) as shop:
        tea = await shop.product()
        placed = await shop.place()
        await shop.rest()
        found = await shop.order(placed)
        assert (found.status, found.payment_status) == ("PENDING", "none")
        assert await shop.said(placed) == ["order.created"]
        assert await payments(shop, placed) == []
        assert (await shop.gateway.ask(GetProduct(tea), ADMIN)).held == 0
        assert await shop.audit() == {}
