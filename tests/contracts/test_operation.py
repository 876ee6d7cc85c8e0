"""An operation takes of its message what its API shows, and demands what its API demands."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from tradewind.contracts.api import OPERATIONS
from tradewind.contracts.inventory import AddProduct
from tradewind.contracts.operation import Operation, Who, taken
from tradewind.contracts.values import Money, Page, Price
from tradewind.core.model import Request


class Make(Request, frozen=True, tag="thing.make", forbid_unknown_fields=True):
    name: str
    number: int = 3
    secret: bool | UnsetType = UNSET


def operation(**given: Any) -> Operation:
    return Operation("things.make", "POST", "/things", Make, Money, Who.ALL, "Make one", **given)


def test_without_a_word_about_it_all_is_taken() -> None:
    assert taken(operation()) is Make


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"type":"thing.make","name":"a","secret":true}', "unknown field `secret`"),
        (b'{"type":"thing.make","name":"abc"}', "length <= 2"),
        (b'{"type":"thing.make","name":"ab"}', ""),
    ],
)
def test_a_hidden_field_is_unknown_and_a_narrowed_one_allows_less(body: bytes, says: str) -> None:
    kind = taken(operation(hides=("secret",), narrows={"name": Annotated[str, Meta(max_length=2)]}))
    if not says:
        assert msgspec.structs.asdict(msgspec.json.decode(body, type=kind)) == {"name": "ab", "number": 3}
        return
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.json.decode(body, type=kind)


@pytest.mark.parametrize("given", [{"hides": ("number",)}, {"hides": ("none",)}, {"narrows": {"none": str}}])
def test_what_cannot_be_hidden_or_narrowed_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"things\.make"):
        taken(operation(**given))


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_can_be_taken(one: Operation) -> None:
    assert taken(one).__struct_fields__ == one.asks.__struct_fields__[: len(taken(one).__struct_fields__)]


def test_fields_of_other_apis_are_not_written_where_nothing_set_them() -> None:
    """The fingerprint of a request is its JSON: one of before such a field came must be the same."""
    asked = AddProduct("TEA-1", "Assam", Price(1, "EUR"), 2)
    assert b"orExisting" not in msgspec.json.encode(asked)
    assert msgspec.json.encode(Page([], None)) == b'{"data":[],"nextCursor":null}'
