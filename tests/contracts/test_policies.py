"""A blueprint that names its policies gets these, or is told at the start which one is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tradewind.contracts.inventory import ProductListed
from tradewind.contracts.orders import OrderCreated, PaymentRequested
from tradewind.contracts.policies import Policies, policies
from tradewind.contracts.subscriptions import heard
from tradewind.core.model import Event
from tradewind.runtime import registry
from tradewind.runtime.config import defaults

SHOPS = [
    Policies(),
    Policies(invoice="none"),
    Policies(pricing="client", products="any"),
    Policies(payment="none", invoice="none"),
    Policies(payment="on-order"),
    Policies(payment="on-order", welcome="on"),
    Policies(customers="made-when-named"),
]


def test_without_a_word_the_default_shop() -> None:
    assert policies({}) == Policies()


@pytest.mark.parametrize("shop", SHOPS)
def test_a_service_hears_what_the_policies_say(shop: Policies) -> None:
    for service in registry.services(registry.SERVICES, defaults(), policies=shop):
        assert {kind for kind in service.rules if issubclass(kind, Event)} == heard(service.name, shop)


def test_where_an_order_sets_nothing_off_nothing_is_heard() -> None:
    published = Policies(pricing="client", products="any", payment="none", invoice="none")
    assert {name for name in registry.SERVICES if heard(name, published)} == {"notifications"}


def test_paid_on_order_no_stock_is_asked_and_payments_hears_the_order() -> None:
    on_order = Policies(payment="on-order")
    assert heard("inventory", on_order) == frozenset()
    assert OrderCreated in heard("payments", on_order)
    assert PaymentRequested not in heard("payments", on_order)
    assert ProductListed in heard("orders", on_order)


def test_what_an_order_needs_is_named_with_the_policy() -> None:
    assert [*Policies().needs()] == [
        ("payment = on-stock", "inventory"),
        ("payment = on-stock", "payments"),
        ("pricing = catalogue", "inventory"),
        ("invoice = confirmed", "invoices"),
    ]
    assert [*Policies(payment="none", invoice="none", pricing="client", products="any").needs()] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"pricing": "ours"}, "Invalid enum value 'ours'.*pricing"),
        ({"prices": "client"}, "unknown field `prices`"),
        ({"products": "any"}, "products = any needs pricing = client"),
        ({"pricing": "client"}, "products = must-exist needs pricing = catalogue"),
        ({"payment": "none"}, "invoice = confirmed needs a payment"),
        ({"invoice-number": "INV-{year}"}, "lacks {number}"),
        ({"invoice-number": "INV-{number}"}, "lacks {year}"),
        ({"invoice-number": "{number"}, "is no form"),
        ({"invoice-number": "INV-{order}-{number}"}, "is no form"),
        ({"invoice-number": "{number:x}", "invoice-reset": "never"}, "is no form"),
        ({"invoice-number": "{number}{number}", "invoice-reset": "never"}, "is no form"),
        ({"invoice-number": "R" * 40 + "{number}", "invoice-reset": "never"}, "is no form"),
        ({"welcome": "on"}, "welcome = on needs payment = on-order or none"),
    ],
)
def test_what_is_wrong_is_said_at_once(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        policies(given)
