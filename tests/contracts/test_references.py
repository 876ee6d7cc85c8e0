"""What belongs to another service may belong to another system: `item-123`, `101` and a UUID are all fine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tradewind.contracts import inventory, invoices, notifications, payments
from tradewind.contracts.operation import taken
from tradewind.core.model import Message

REFERENCES = {"product_id", "order_id", "customer_id"}
MODULES = (inventory, payments, invoices, notifications)


def references() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Message) and kind.__module__ == module.__name__:
                for field in msgspec.structs.fields(kind):
                    if field.name in REFERENCES:
                        yield f"{kind.__name__}.{field.name}", field.type


@pytest.mark.parametrize(("name", "kind"), [pytest.param(*one, id=one[0]) for one in references()])
def test_a_reference_is_any_text_of_255_characters(name: str, kind: Any) -> None:
    for given in ("item-123", "101", "Ä" * 255, "0192f0c1-0000-7000-8000-000000000001"):
        assert msgspec.convert(given, kind) == given


OPERATIONS = [
    one
    for module in MODULES
    for one in module.OPERATIONS
    if REFERENCES & set(taken(one).__struct_fields__) and one.path.startswith("/api/v1/")
]


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_api_v1_demands_its_uuid(one: Any) -> None:
    for field in msgspec.structs.fields(taken(one)):
        if field.name in REFERENCES:
            assert msgspec.convert("0192f0c1-0000-7000-8000-000000000001", field.type)
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert("item-123", field.type)
