"""A blueprint that names its policies gets these, or is told at the start which one is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tradewind.contracts import reactions
from tradewind.contracts.inventory import ProductListed
from tradewind.contracts.orders import OrderCreated, PaymentRequested
from tradewind.contracts.policies import UNBUILT, Policies, policies

SHOP = ("users", "orders", "inventory", "payments", "invoices", "notifications")


def test_without_a_word_the_default_shop() -> None:
    assert policies({}) == Policies()
    assert policies({}).unbuilt() == ()


@pytest.mark.parametrize("service", SHOP)
@pytest.mark.parametrize(
    ("given", "names", "pricing"),
    [
        ({}, reactions.ALL, "catalogue"),
        ({"invoice": "none"}, reactions.ALL - {"invoice"}, "catalogue"),
        ({"pricing": "client", "products": "any"}, reactions.ALL, "client"),
        ({"payment": "none"}, {"invoice", "notification"}, "catalogue"),
        ({"payment": "none", "invoice": "none"}, {"notification"}, "catalogue"),
    ],
)
def test_a_service_hears_what_the_policies_need(
    service: str, given: dict[str, str], names: set[str], pricing: str
) -> None:
    assert policies(given).heard(service) == reactions.heard(service, names, pricing)


def test_paid_on_order_no_stock_is_asked_and_payments_hears_the_order() -> None:
    on_order = Policies(payment="on-order")
    assert on_order.heard("inventory") == frozenset()
    assert OrderCreated in on_order.heard("payments")
    assert PaymentRequested not in on_order.heard("payments")
    assert ProductListed in on_order.heard("orders")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"pricing": "ours"}, "Invalid enum value 'ours'.*pricing"),
        ({"prices": "client"}, "unknown field `prices`"),
        ({"products": "any"}, "products = any needs pricing = client"),
        ({"pricing": "client"}, "products = must-exist with pricing = client is not built"),
        ({"invoice-number": "INV-{year}"}, "lacks {number}"),
        ({"invoice-number": "INV-{number}"}, "lacks {year}"),
        ({"invoice-number": "{number"}, "is no form"),
        ({"invoice-number": "INV-{order}-{number}"}, "is no form"),
        ({"invoice-number": "R{year}-{number}"}, "invoice-number = R{year}-{number} is not built"),
        *(({name: value}, f"{name} = {value} is not built") for name, value in UNBUILT),
    ],
)
def test_what_is_wrong_is_said_at_once(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        policies(given)
