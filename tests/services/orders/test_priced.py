"""An order that names its prices: kept as it was sent, or at ours; due for payment only where a payment starts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.services.orders.cases import NOW
from tests.services.orders.test_placing import BOOK, IDS, TEA
from tradewind.contracts.orders import Item, Line, OrderCreated, PaymentBy, PlaceOrder
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.model import Consult, Refused, SetTimer, settle
from tradewind.services.orders.domain import MOST, Order, PaymentDue, placing, placing_as_priced, view, wanted
from tradewind.services.orders.service import orders

PRICE, TOTAL, TOTAL_OF_TWO = Money(2_999, "EUR"), Money(1, "EUR"), Money(3_998, "EUR")
ITEM = Item(2, IDS[5], price=PRICE)
ASK = PlaceOrder((ITEM,), None, TOTAL, "key-1")
LINE = Line(IDS[5], "", "", 2, PRICE, Money(5_998, "EUR"))
KEPT = Order(
    "fresh", "PENDING", "none", "ada", (LINE,), 1, "EUR", None, "tok_ok", 905_000, 1, 5_000, 5_000, "key-1"
)


def test_it_is_kept_as_it_was_sent() -> None:
    effects, reply = settle(placing_as_priced(900_000, "tok_ok")(ASK, NOW))
    assert effects == [
        KEPT,
        OrderCreated("fresh", "ada", (LINE,), TOTAL, 905_000),
        SetTimer(905_000, PaymentDue("fresh")),
    ]
    assert reply == view(KEPT)


def test_without_a_deadline_nothing_is_due() -> None:
    effects, _ = settle(placing_as_priced(0, "")(replace(ASK, idempotency_key=""), NOW))
    assert effects == [
        replace(KEPT, token="", expires_at=0, idempotency_key=None),
        OrderCreated("fresh", "ada", (LINE,), TOTAL, 0),
    ]


def test_others_hear_of_a_product_under_the_id_that_inventory_knows() -> None:
    item = replace(ITEM, product_id="AB" + IDS[5][2:].upper())
    (order, created), reply = settle(placing_as_priced(0, "")(PlaceOrder((item,), None, TOTAL), NOW))
    assert (
        isinstance(order, Order) and order.items[0].product_id == item.product_id == reply.items[0].product_id
    )
    assert isinstance(created, OrderCreated) and created.lines[0].product_id == item.product_id.lower()
    assert list(wanted(PlaceOrder((item,), None, TOTAL))) == [item.product_id.lower()]


def test_a_line_has_a_bound() -> None:
    settle(
        placing_as_priced(0, "")(PlaceOrder((Item(1, IDS[0], price=Money(MOST, "EUR")),), None, TOTAL), NOW)
    )
    with pytest.raises(Refused, match="total_too_large") as refused:
        settle(
            placing_as_priced(0, "")(
                PlaceOrder((Item(2, IDS[0], price=Money(MOST, "EUR")),), None, TOTAL), NOW
            )
        )
    assert refused.value.status == 422


def test_where_the_catalogue_counts_the_total_must_be_ours() -> None:
    price = placing(900_000, "tok_ok")
    item = Item(2, TEA.product_id.upper(), price=Money(1, "EUR"))
    asked = PlaceOrder((item,), None, Money(3_998, "EUR"), "key-1")
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
        settle(price(replace(asked, expected_total=TOTAL), NOW, BOOK))
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
    assert len(settle(service.rules[PlaceOrder].do(ASK, NOW))[0]) == effects


def test_an_order_may_be_of_an_amount() -> None:
    amount = Money(4_200, "EUR")
    (order, created), reply = settle(placing_as_priced(0)(PlaceOrder((Item(1, price=amount),)), NOW))
    assert isinstance(order, Order) and isinstance(created, OrderCreated)
    assert order.items == created.lines == reply.items == (Line("", "", "", 1, amount, amount),)
    assert (order.money, created.total, order.token) == (amount, amount, "")


def test_a_reference_of_others_is_kept_as_it_is() -> None:
    item = Item(1, "Product-ÄÖ-1", price=PRICE)
    (_, created), _ = settle(placing_as_priced(0)(PlaceOrder((item,)), NOW))
    assert isinstance(created, OrderCreated) and created.lines[0].product_id == "Product-ÄÖ-1"


def test_a_line_without_a_price_is_refused_where_prices_are_the_callers() -> None:
    with pytest.raises(Refused, match="price_missing") as refused:
        settle(placing_as_priced(0)(PlaceOrder((Item(1, IDS[0]),)), NOW))
    assert refused.value.status == 422


def test_a_line_names_something() -> None:
    for wrong in (b'{"quantity":1}', b'{"quantity":1,"productId":"a","sku":"b"}'):
        with pytest.raises(msgspec.ValidationError, match="productId"):
            msgspec.json.decode(wrong, type=Item)


def test_the_token_of_the_order_comes_before_the_shops_own() -> None:
    (order, *_), _ = settle(
        placing_as_priced(0, "tok_shop")(replace(ASK, payment=PaymentBy("tok_mine")), NOW)
    )
    assert isinstance(order, Order) and order.token == "tok_mine"
