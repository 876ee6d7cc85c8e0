"""What a body lacks is said in the words and the order of class-validator 0.14, as they were seen there with
`whitelist` and `forbidNonWhitelisted`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tradewind.apis.nest.validator import (
    Fields,
    Items,
    at_least,
    at_most,
    every,
    faults,
    is_decimal,
    is_int,
    is_string,
    is_uuid,
    longer,
    matches,
    not_empty,
    number,
    one_of,
    optional,
    shorter,
    that,
)

is_email = that(lambda value: isinstance(value, str) and "@" in value, "must be an email")
USER: Fields = (
    ("email", every(shorter(255), is_email)),
    ("name", every(shorter(100), longer(2), not_empty, is_string)),
    ("role", optional(one_of("user", "admin"))),
)
ITEM: Fields = (
    ("productId", every(matches("^product-[A-Za-z0-9-]+$"), shorter(100), longer(10), is_string)),
    ("quantity", every(at_most(9999), at_least(1), is_int)),
    ("price", every(at_most(999999.99), at_least(0.01), is_decimal(2))),
)
ORDER: Fields = (("userId", is_uuid), ("items", Items(ITEM, 2, forbid=True, published=True)))
UUID = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
MATCH = "must match /^product-[A-Za-z0-9-]+$/ regular expression"
DECIMAL = "must be a number conforming to the specified constraints"


def item(place: str) -> list[str]:
    """Of one that has nothing."""
    return [
        f"{place}.productId {MATCH}",
        f"{place}.productId must be shorter than or equal to 100 characters",
        f"{place}.productId must be longer than or equal to 10 characters",
        f"{place}.productId must be a string",
        f"{place}.quantity must not be greater than 9999",
        f"{place}.quantity must not be less than 1",
        f"{place}.quantity must be an integer number",
        f"{place}.price must not be greater than 999999.99",
        f"{place}.price must not be less than 0.01",
        f"{place}.price {DECIMAL}",
    ]


EMAIL = ["email must be shorter than or equal to 255 characters", "email must be an email"]
NAME = [
    "name must be shorter than or equal to 100 characters",
    "name must be longer than or equal to 2 characters",
]
NESTED = "items.each value in nested property items must be either object or array"


@pytest.mark.parametrize(
    ("fields", "body", "found"),
    [
        (USER, {}, [*EMAIL, *NAME, "name should not be empty", "name must be a string"]),
        (
            USER,
            {"email": "x", "name": 5, "x": 1},
            ["property x should not exist", EMAIL[1], *NAME, "name must be a string"],
        ),
        (
            USER,
            {"email": 5, "name": "a", "role": "boss", "y": 1, "a": 2},
            [
                "property y should not exist",
                "property a should not exist",
                *EMAIL,
                NAME[1],
                "role must be one of the following values: user, admin",
            ],
        ),
        (USER, {"email": None, "name": ""}, [*EMAIL, NAME[1], "name should not be empty"]),
        (
            ORDER,
            {},
            [
                "userId must be a UUID",
                "items must contain no more than 2 elements",
                "items must contain at least 1 elements",
                "items must be an array",
            ],
        ),
        (
            ORDER,
            {"userId": "x", "items": []},
            ["userId must be a UUID", "items must contain at least 1 elements"],
        ),
        (
            ORDER,
            {
                "userId": UUID,
                "items": [{"z": 1, "productId": "product-1", "quantity": 1.5, "price": 0.001}, {}],
                "w": 1,
            },
            [
                "property w should not exist",
                "items.0.property z should not exist",
                "items.0.productId must be longer than or equal to 10 characters",
                "items.0.quantity must be an integer number",
                "items.0.price must not be less than 0.01",
                f"items.0.price {DECIMAL}",
                *item("items.1"),
            ],
        ),
        (
            ORDER,
            {"userId": UUID, "items": [{"productId": 5, "quantity": "x", "price": "x"}]},
            item("items.0"),
        ),
        (
            ORDER,
            {"userId": UUID, "items": [{"productId": "product-12", "quantity": 10000, "price": 1e9}]},
            [
                "items.0.quantity must not be greater than 9999",
                "items.0.price must not be greater than 999999.99",
            ],
        ),
        (ORDER, {"userId": UUID, "items": ["a"]}, [NESTED]),
        (ORDER, {"userId": UUID, "items": [None]}, [NESTED]),
        (ORDER, {"userId": UUID, "items": {"a": 1}}, ["items.property a should not exist", *item("items")]),
        (ORDER, {"userId": UUID, "items": [{}] * 3}, ["items must contain no more than 2 elements"]),
    ],
)
def test_the_words_and_their_order(fields: Fields, body: Any, found: list[str]) -> None:
    assert faults("", body, fields, forbid=True) == found


def test_without_forbidding_what_is_not_known_is_dropped() -> None:
    assert faults("", {"email": "a@b", "name": "Ada", "x": 1}, USER) == []


def test_a_pattern_ends_where_the_text_ends() -> None:
    assert matches("^a$")("x", "a\n") == ["x must match /^a$/ regular expression"]


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5.0), (" 5.50 ", 5.5), ("-1", -1.0), (5, 5), (None, None), (True, True)]
)
def test_texts_that_are_numbers(text: Any, value: Any) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "x", "1_0", "٣", "1e3", "0x10"])
def test_texts_that_are_none(text: str) -> None:
    assert number(text) != number(text)
