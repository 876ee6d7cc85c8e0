"""The bounds that are ours, amounts to the last cent, pages and keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apis.rpc.validator.cases import ITEM, ORDER, PRODUCT, UUID
from tradewind.apis.rpc import rules
from tradewind.apis.rpc.queues.shown import decimal

encode = msgspec.json.encode
CENTS = st.integers(0, 999_999_999_999)


def order(**changes: Any) -> Any:
    return rules.order_of(encode({**ORDER, **changes}))


def item(**changes: Any) -> Any:
    return order(items=[{**ITEM, **changes}])


def product(**changes: Any) -> Any:
    return rules.product_of(encode({**PRODUCT, **changes}))


@given(CENTS)
def test_every_amount_of_two_decimals_comes_back_exactly(units: int) -> None:
    text = str(Decimal(units) / 100)
    amount = msgspec.json.decode(text, type=float)
    assert rules.cents(amount) == units
    assert Decimal(encode(decimal(units)).decode()) == Decimal(units) / 100
    assert rules.cents(decimal(units)) == units


@given(CENTS, st.integers(1, 9), st.integers(1, 5))
def test_more_decimals_are_no_amount(units: int, digit: int, zeros: int) -> None:
    finer = Decimal(units) / 100 + Decimal(digit) / Decimal(10) ** (2 + zeros)
    if float(finer) not in (
        units / 100,
        (units + 1) / 100,
    ):  # what a double cannot tell apart is the same amount
        assert rules.cents(float(finer)) == -1


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (5998, b"59.98"),
        (5990, b"59.9"),
        (6000, b"60"),
        (0, b"0"),
        (1, b"0.01"),
        (999_999_999_999, b"9999999999.99"),
    ],
)
def test_an_amount_is_written_as_javascript_does(units: int, text: bytes) -> None:
    assert encode(decimal(units)) == text


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (order(items=[ITEM] * 1_001), "items must contain no more than 1000 elements"),
        (item(quantity=10_000_000), "items.0.quantity must not be greater than 9999999"),
        (item(price=10_000_000_000), "items.0.price must not be greater than 9999999999.99"),
        (order(total=10_000_000_000), "total must not be greater than 9999999999.99"),
        (order(total=0.001), "total must be a number conforming to the specified constraints"),
        (product(name="x" * 256), "name must be shorter than or equal to 255 characters"),
        (product(sku="x" * 256), "sku must be shorter than or equal to 255 characters"),
        (product(name="a\0b"), "name must be a string"),
        (product(stock=1_000_000_001), "stock must not be greater than 1000000000"),
        (product(price=-1), "price must not be less than 0"),
        (rules.product_of(b'{"name":"a\\ud800","sku":"b","stock":1}'), "name must be a string"),
    ],
)
def test_a_bound_is_named(found: Any, says: str) -> None:
    assert found == [says]


def test_what_is_just_within_the_bounds() -> None:
    found = order(
        items=[{**ITEM, "quantity": 9_999_999, "price": 9_999_999_999.99}] * 1_000, total=9_999_999_999.99
    )
    assert isinstance(found, rules.CreateOrder) and len(found.items) == 1_000
    assert isinstance(
        product(name="x" * 255, sku="ü" * 255, stock=1_000_000_000, price=0.5), rules.CreateProduct
    )
    assert rules.json_of(product()) == encode(PRODUCT)


def test_integers_may_be_written_with_a_point() -> None:
    found = rules.order_of(
        b'{"items":[{"productId":"%b","quantity":2.0,"price":1}],"total":3e0,"x":"\\ud800"}' % UUID.encode()
    )
    assert isinstance(found, rules.CreateOrder) and found.items[0].quantity == 2


@pytest.mark.parametrize(
    "body", [b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"{} x", b"\xef\xbb\xbf{}", b"Infinity"]
)
def test_what_is_no_json_has_no_fields(body: bytes) -> None:
    with pytest.raises(rules.NotJson):
        rules.order_of(body)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, (1, 10)),
        ({"page": 2}, (2, 10)),
        ({"page": "2", "perPage": "100"}, (2, 100)),
        ({"page": None, "perPage": 5.0}, (1, 5)),
        ({"page": 0}, ["page must not be less than 1"]),
        ({"page": "abc"}, ["page must not be less than 1", "page must be an integer number"]),
        ({"page": 1.5}, ["page must be an integer number"]),
        ({"perPage": 101}, ["perPage must not be greater than 100"]),
        ({"page": True}, ["page must not be less than 1", "page must be an integer number"]),
        ({"page": 10**30}, ["page must not be greater than 1000000000"]),
    ],
)
def test_a_page(given: dict[str, Any], found: Any) -> None:
    asked = rules.page_of(given)
    assert found == (asked if isinstance(asked, list) else (asked.page, asked.per_page))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (None, []),
        ("", []),
        ("k" * 255, []),
        ("ключ", []),
        ("k" * 256, ["idempotencyKey must be shorter than or equal to 255 characters"]),
        (5, ["idempotencyKey must be a string"]),
        ("a\0", ["idempotencyKey must be a string"]),
    ],
)
def test_a_key(key: Any, says: list[str]) -> None:
    assert rules.key_of(key) == says


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u00ad", "\u3164", "\u2028", "\ue000", "\uffff", "\ufe0f", "\n"]
)
def test_what_identifies_can_be_seen(unseen: str) -> None:
    """An SKU that looks like another one would be a second product, a key that does a second order."""

    def faults(name: str, sku: str) -> object:
        return product(name=name, sku=sku)

    assert faults("Tea", f"T{unseen}1") == ["sku must be made of characters that can be seen"]
    if unseen != "\uffff":  # a later Unicode may draw it
        assert faults(f" {unseen}", "T1") == ["name should not be empty"]
    assert rules.key_of(f"k{unseen}1") == ["idempotencyKey must be made of characters that can be seen"]
    assert isinstance(faults(f"T{unseen}", "T 1"), rules.CreateProduct)
    assert rules.key_of("k 1") == []
