"""A refused value is told to people: no Python type, no regular expression."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradewind.apis.v1 import strict_json
from tradewind.contracts import values


@pytest.mark.parametrize(
    ("type", "value", "says"),
    [
        (values.Sku, "\uff34\uff25\uff21", "full-width and accented letters are others."),
        (values.Sku, "a b", "Expected the letters A to Z and a to z, digits, `.`, `_` and `-`"),
        (values.Sku, "a" * 65, "Expected at most 64 characters."),
        (values.Text, "", "Expected at least 1 character."),
        (values.Text, " ", "Expected a text with a character that can be seen."),
        (values.MaybeReason, " ", "Expected a text with a character that can be seen."),
        (values.Currency, "eur", "Expected a currency of three capital letters, such as EUR."),
        (values.Uuid, "x", "Expected a UUID of 36 characters"),
        (values.AnyUuid | None, "x", "Expected a UUID of 36 characters"),
        (values.Quantity, 0, "Expected a whole number of at least 1."),
        (values.Amount, 10**13, "Expected a whole number of at most 1000000000000."),
        (values.Quantity, "1", "Expected a whole number, not a text."),
        (values.Quantity | None, 1.5, "Expected a whole number or null, not a number with a fraction."),
        (bool, 1, "Expected true or false, not a whole number."),
        (list[int], {}, "Expected a list, not an object."),
    ],
)
def test_what_is_wrong_with_a_value(type: Any, value: object, says: str) -> None:
    decoder = msgspec.json.Decoder(msgspec.defstruct("Body", [("a", type)]))
    with pytest.raises(strict_json.Invalid) as refused:
        strict_json.decode(msgspec.json.encode({"a": value}), decoder)
    assert (refused.value.status, refused.value.field) == (422, "a")
    assert says in refused.value.detail
    assert "regex" not in refused.value.detail and "`str`" not in refused.value.detail
