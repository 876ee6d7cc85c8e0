"""Makes an example of a message from its type, so that a description shows what it describes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

AT = "2026-01-15T10:30:00.000Z"
ID = "7c69ae16-a49a-4c3b-b507-88e40093a637"
WORDS = {
    "email": "ada@example.com",
    "name": "Ada",
    "currency": "EUR",
    "productId": "product-123",
    "sku": "TEA-1",
    "number": "2026-000001",
}


def example(kind: type[Any]) -> Any:
    """A value of this struct, as it is on the wire."""
    return _of(inspect.type_info(kind), "")


def _of(kind: inspect.Type, field: str) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _of(inner, field)
        case inspect.StructType(fields=fields, tag=tag, tag_field=tag_field):
            made = {tag_field: tag} if tag_field else {}
            return made | {one.encode_name: _of(one.type, one.encode_name) for one in fields}
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_of(item, field)]
        case inspect.TupleType(item_types=items):
            return [_of(item, field) for item in items]
        case inspect.DictType(value_type=value):
            return {ID: _of(value, field)}
        case inspect.UnionType(types=types):
            return _of(next(one for one in types if not isinstance(one, inspect.NoneType)), field)
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.StrType():
            return _word(field)
        case inspect.IntType(ge=least):
            return max(1, int(least or 0))
        case inspect.FloatType():
            return 29.99
        case inspect.BoolType():
            return True
    return None if isinstance(kind, inspect.NoneType) else msgspec.to_builtins({})


def _word(field: str) -> str:
    if field == "id" or field.endswith("Id"):
        return WORDS.get(field, ID)
    return WORDS.get(field) or (AT if field.endswith("At") else "text")
