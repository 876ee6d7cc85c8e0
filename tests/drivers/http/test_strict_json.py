"""What a body may be: one table of what is refused, with its status, code and field, and what must hold for
every JSON.
"""

import contextlib
import enum
import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.apis.v1.strict_json import Invalid, decode

from .json_cases import DUPLICATES, SYNTAX, UNKNOWN, VALUES, line, order


class Kind(enum.Enum):
    GIFT = "gift"


class Line(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    product_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class Order(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    items: Annotated[list[Line], msgspec.Meta(max_length=100)]
    note: str = ""
    count: int = 0
    rate: float = 0.0
    express: bool = False
    kind: Kind | None = None
    speed: Literal["fast"] | None = None
    labels: dict[str, int] = {}
    extra: Any = None


orders = msgspec.json.Decoder(Order)
anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def refusal(body: bytes, decoder: msgspec.json.Decoder[Any] = orders) -> Invalid:
    with pytest.raises(Invalid) as caught:
        decode(body, decoder)
    assert "SECRET" not in caught.value.detail + caught.value.field
    assert len(caught.value.detail) < 200
    return caught.value


@pytest.mark.parametrize("case", SYNTAX)
def test_no_json_is_a_400(case: str) -> None:
    refused = refusal(SYNTAX[case])
    assert (refused.status, refused.code, refused.field) == (400, "invalid_json", "")


@pytest.mark.parametrize("case", DUPLICATES)
def test_a_field_twice_is_a_400(case: str) -> None:
    body, field = DUPLICATES[case]
    refused = refusal(body)
    assert (refused.status, refused.code, refused.field) == (400, "invalid_json", field)
    assert "twice" in refused.detail


@pytest.mark.parametrize("case", VALUES)
def test_a_wrong_value_is_a_422_with_its_field(case: str) -> None:
    body, field = VALUES[case]
    refused = refusal(body)
    assert (refused.status, refused.code, refused.field) == (422, "invalid_field", field)


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_field_is_a_422(case: str) -> None:
    body, field = UNKNOWN[case]
    refused = refusal(body)
    assert (refused.status, refused.code, refused.field) == (422, "unknown_field", field)


@pytest.mark.parametrize(
    ("body", "field"), [(b"{}", "items"), (line('"productId":"p"'), "items[1].quantity")]
)
def test_a_missing_field_is_a_422(body: bytes, field: str) -> None:
    refused = refusal(body)
    assert (refused.status, refused.code, refused.field) == (422, "missing_field", field)


@pytest.mark.parametrize(
    "body",
    [
        b' {"items" : [ ] } \n',
        order(r'"note":"\t\r\n\"\\\/\u00e9\ud83d\ude00"'),
        order('"note":"é😀 \u200f: {[[[["'),
        order(r'"note":"\\u0000 is six characters"'),
        order(f'"note":"{"[" * 100}"'),
        order(f'"note":"{"é" * 10_000}"'),
        order('"extra":' + "[" * 31 + "]" * 31),
        order(r'"note":"\"","extra":[' + ",".join(["{}"] * 40) + "]"),
        order('"count":9223372036854775807'),
        order('"count":-9223372036854775807'),
        order('"note":"99999999999999999999999999"'),
        order('"rate":1e-400,"count":-0'),
        order('"extra":[{"a":1},{"a":2}]'),
        b'{"items":[' + b",".join([b'{"productId":"p","quantity":9999}'] * 100) + b"]}",
    ],
)
def test_what_is_allowed(body: bytes) -> None:
    assert isinstance(decode(body, orders), Order)


def test_other_spellings_mean_the_same() -> None:
    one = decode(rb' { "note" : "\u00e9\/" , "items" : [ ] } ', orders)
    assert one == decode('{"items":[],"note":"é/"}'.encode(), orders)


texts = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc"),
        exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    )
)
whole = st.integers(-(2**63) + 1, 2**63 - 1)
values = st.recursive(
    st.none() | st.booleans() | whole | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_any_json_is_taken_as_it_is(value: Any, ascii_only: bool, indent: int | None) -> None:
    got = decode(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode(), anything)
    assert got == value


@settings(deadline=None)
@given(
    st.dictionaries(texts, values, min_size=1, max_size=4), values, st.booleans(), st.booleans(), st.data()
)
def test_any_duplicate_is_refused(
    members: dict[str, Any], value: Any, escaped: bool, deep: bool, data: st.DataObject
) -> None:
    twice = data.draw(st.sampled_from(sorted(members)))
    pairs = data.draw(st.permutations([*members.items(), (twice, value)]))
    body = (
        "{"
        + ",".join(f"{json.dumps(key, ensure_ascii=escaped)}:{json.dumps(item)}" for key, item in pairs)
        + "}"
    )
    refused = refusal((f'[{{"a":{body}}}]' if deep else body).encode(), anything)
    assert (refused.status, refused.code) == (400, "invalid_json")


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_taken_or_refused(body: bytes) -> None:
    with contextlib.suppress(Invalid):
        decode(body, anything)
