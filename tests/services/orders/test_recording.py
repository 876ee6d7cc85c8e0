"""An order that names its prices: kept as it was sent, or at ours; due for payment only where payments are
wired.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.services.orders.cases import NOW
from tests.services.orders.test_placing import BOOK, IDS, TEA
from tradewind.contracts.orders import Line, OrderCreated, PlaceOrder, PricedItem, RecordOrder
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.model import Consult, Refused, SetTimer, settle
from tradewind.services.orders.domain import MOST, Order, PaymentDue, view
from tradewind.services.orders.recording import pricing, recording, wanted
from tradewind.services.orders.service import orders

PRICE, TOTAL, TOTAL_OF_TWO = Money(2_999, "EUR"), Money(1, "EUR"), Money(3_998, "EUR")
ITEM = PricedItem(IDS[5], 2, PRICE)
ASK = RecordOrder((ITEM,), TOTAL, "key-1")
LINE = Line(IDS[5], "", "", 2, PRICE, Money(5_998, "EUR"))
KEPT = Order(
    "fresh", "PENDING", "none", "ada", (LINE,), 1, "EUR", None, "tok_ok", 905_000, 1, 5_000, 5_000, "key-1"
)


def test_it_is_kept_as_it_was_sent() -> None:
    effects, reply = settle(recording(900_000, "tok_ok")(ASK, NOW))
    assert effects == [
        KEPT,
        OrderCreated("fresh", "ada", (LINE,), TOTAL, 905_000),
        SetTimer(905_000, PaymentDue("fresh")),
    ]
    assert reply == view(KEPT)


def test_without_a_deadline_nothing_is_due() -> None:
    effects, _ = settle(recording(0, "")(replace(ASK, idempotency_key=""), NOW))
    assert effects == [
        replace(KEPT, token="", expires_at=0, idempotency_key=None),
        OrderCreated("fresh", "ada", (LINE,), TOTAL, 0),
    ]


def test_others_hear_of_a_product_under_the_id_that_inventory_knows() -> None:
    item = replace(ITEM, product_id="AB" + IDS[5][2:].upper())
    (order, created), reply = settle(recording(0, "")(RecordOrder((item,), TOTAL), NOW))
    assert (
        isinstance(order, Order) and order.items[0].product_id == item.product_id == reply.items[0].product_id
    )
    assert isinstance(created, OrderCreated) and created.lines[0].product_id == item.product_id.lower()
    assert list(wanted(RecordOrder((item,), TOTAL))) == [item.product_id.lower()]


def test_a_line_has_a_bound() -> None:
    settle(recording(0, "")(RecordOrder((PricedItem(IDS[0], 1, Money(MOST, "EUR")),), TOTAL), NOW))
    with pytest.raises(Refused, match="total_too_large") as refused:
        settle(recording(0, "")(RecordOrder((PricedItem(IDS[0], 2, Money(MOST, "EUR")),), TOTAL), NOW))
    assert refused.value.status == 422


def test_where_the_catalogue_counts_the_total_must_be_ours() -> None:
    price = pricing(900_000, "tok_ok")
    asked = RecordOrder(
        (PricedItem(TEA.product_id.upper(), 2, Money(1, "EUR")),), Money(3_998, "EUR"), "key-1"
    )
    (order, created, due), reply = settle(price(asked, NOW, BOOK))
    assert (
        isinstance(order, Order)
        and isinstance(created, OrderCreated)
        and due == SetTimer(905_000, PaymentDue("fresh"))
    )
    assert (order.token, order.idempotency_key, order.total) == ("tok_ok", "key-1", 3_998)
    assert reply.items == (Line(TEA.product_id, "TEA-1", "Assam", 2, Money(1_999, "EUR"), TOTAL_OF_TWO),)
    assert reply == view(order)
    with pytest.raises(Refused, match="price_changed"):
        settle(price(replace(asked, total=TOTAL), NOW, BOOK))
    with pytest.raises(Consult):
        settle(price(ASK, NOW, BOOK))
    with pytest.raises(Refused, match="unknown_product"):
        settle(price(ASK, replace(NOW, consulted=True), BOOK))


@pytest.mark.parametrize(
    ("payment", "invoice", "effects"), [("none", "none", 2), ("on-order", "none", 3), ("on-stock", "none", 3)]
)
def test_a_deadline_comes_with_a_payment(payment: Any, invoice: Any, effects: int) -> None:
    policies = Policies(pricing="client", products="any", payment=payment, invoice=invoice)
    service = orders(1_000, policies=policies, payment_token="tok_ok")
    assert len(settle(service.rules[RecordOrder].do(ASK, NOW))[0]) == effects
    placed = service.rules[PlaceOrder].do(msgspec.json.decode(PLACE, type=PlaceOrder), NOW, BOOK)
    assert len(settle(placed)[0]) == effects


PLACE = b'{"type":"orders.place","items":[{"quantity":1,"sku":"TEA-1"}],"payment":{"token":"tok_ok"}}'
