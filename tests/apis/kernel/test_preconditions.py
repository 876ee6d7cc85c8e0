"""Conditional headers as RFC 9110 (8.8.3, 13.1) spells and compares them."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from tradewind.apis.kernel.preconditions import require, seen, tag, unchanged
from tradewind.core.model import Refused

MALFORMED = [
    "",
    " ",
    ",",
    "3",
    '"3',
    '3"',
    '"3" "4"',
    '"3"x',
    'w/"3"',
    'W /"3"',
    '*, "3"',
    '"a b"',
    '""3',
    "'3'",
]


def if_match(value: str) -> dict[bytes, bytes]:
    return {b"if-match": value.encode("latin-1")}


def if_none_match(value: str) -> dict[bytes, bytes]:
    return {b"if-none-match": value.encode("latin-1")}


@pytest.mark.parametrize(
    ("value", "versions"),
    [
        ('"3"', (3,)),
        ('"3","4"', (3, 4)),
        (' "3" ,\t"4", , ', (3, 4)),
        (',"3"', (3,)),
        ('W/"3"', ()),  # a change needs the strong comparison
        ('W/"3", "4"', (4,)),
        ('"other"', ()),
        ('"03"', ()),
        ('""', ()),
        ('"a,b"', ()),
        ('"\xff"', ()),
        ('"99999999999999999999"', ()),
        ("*", UNSET),
    ],
)
def test_if_match_names_versions(value: str, versions: object) -> None:
    assert seen(if_match(value)) == versions


def test_without_if_match_any_version_will_do() -> None:
    assert seen({}) is UNSET
    require({}, 3)


@pytest.mark.parametrize("value", MALFORMED)
def test_a_malformed_condition_is_400(value: str) -> None:
    with pytest.raises(Refused) as refused:
        seen(if_match(value))
    assert (refused.value.status, refused.value.code) == (400, "invalid_precondition")
    with pytest.raises(Refused) as refused:
        unchanged(if_none_match(value), 3)
    assert refused.value.status == 400


def test_too_many_tags_are_400() -> None:
    assert len(seen(if_match(",".join(['"3"'] * 100)))) == 100  # type: ignore[arg-type]
    with pytest.raises(Refused, match="invalid_precondition"):
        seen(if_match(",".join(['"3"'] * 101)))


@pytest.mark.parametrize(
    ("value", "same"),
    [('"3"', True), ('W/"3"', True), ('"2", W/"3"', True), ("*", True), ('"2"', False), ('"x"', False)],
)
def test_if_none_match_compares_weakly(value: str, same: bool) -> None:
    assert unchanged(if_none_match(value), 3) is same
    assert not unchanged({}, 3)


def test_a_read_is_conditional_too() -> None:
    require(if_match('"2", "3"'), 3)
    require(if_match("*"), 3)
    for value in ('"2"', 'W/"3"'):
        with pytest.raises(Refused) as refused:
            require(if_match(value), 3)
        assert (refused.value.status, refused.value.code) == (412, "precondition_failed")


def test_a_tag_is_the_version_in_quotes() -> None:
    assert tag(12) == b'"12"'
