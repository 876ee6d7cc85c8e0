"""Writes the messages that other teams share with us as types of TypeScript, from the structs that we read
them with.

Run `python -m tradewind.operations.typescript > deploy/node/contracts/messages/order-created-message.ts`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from ..apis.amounts.message import PUBLISHED, OrderCreatedMessage

REF = "#/components/schemas/"
HEAD = """\
// Written by `python -m tradewind.operations.typescript`; a test compares.
"""
WORDS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def module(name: str, message: type[msgspec.Struct]) -> str:
    """The types of one message and its name on the queue, what it refers to first."""
    _, shapes = msgspec.json.schema_components([message], ref_template=REF + "{name}")
    interfaces = [_interface(shape, shapes[shape]) for shape in sorted(shapes, key=message.__name__.__eq__)]
    return "\n".join([HEAD, *interfaces, f"export const {_constant(message)} = '{name}' as const;", ""])


def _interface(name: str, shape: dict[str, Any]) -> str:
    return "\n".join([f"export interface {name} {{", *_fields(shape), "}", ""])


def _fields(shape: dict[str, Any]) -> Iterator[str]:
    required = shape.get("required", ())
    for field, kind in shape["properties"].items():
        yield f"  {field}{'' if field in required else '?'}: {_type(kind)};"


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return str(kind["$ref"]).removeprefix(REF)
    if "anyOf" in kind:
        return " | ".join(dict.fromkeys(_type(one) for one in kind["anyOf"]))
    if kind["type"] == "array":
        return f"Array<{_type(kind['items'])}>"
    return WORDS[kind["type"]]


def _constant(message: type[Any]) -> str:
    name = message.__name__.removesuffix("Message")
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()


if __name__ == "__main__":
    sys.stdout.write(module(PUBLISHED, OrderCreatedMessage))
