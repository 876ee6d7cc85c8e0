"""Reads from the contracts what travels between services, so that pages and golden files have one source."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import msgspec
from msgspec import inspect

from .. import contracts
from ..core.model import Event, Message, Query, Request, Service, wire_name
from ..runtime.registry import SERVICES, services

ORDER = (*SERVICES, "ops")


def speakers() -> dict[str, ModuleType]:
    """Every module of the contracts that has messages, in the order of an order's story."""
    names = [found.name for found in pkgutil.iter_modules(contracts.__path__)]
    modules = {name: importlib.import_module(f"{contracts.__name__}.{name}") for name in names}
    known = sorted(modules, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return {name: modules[name] for name in known if any(said(modules[name], Message))}


def said(module: ModuleType, kind: type[Message]) -> list[type[Message]]:
    """The messages of this kind that the module itself defines, in its order."""
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, kind) and item.__module__ == module.__name__
    ]


def events() -> list[tuple[str, type[Event]]]:
    """Every event with its publisher."""
    return [
        (name, event)
        for name, module in speakers().items()
        for event in said(module, Event)
        if issubclass(event, Event)
    ]


def asked(module: ModuleType) -> list[type[Message]]:
    """The requests, then the queries, of this service."""
    return [*said(module, Request), *said(module, Query)]


def hearers(services: Iterable[Service]) -> Mapping[str, list[str]]:
    """By the event's name, the services with a rule for it."""
    found: dict[str, list[str]] = {}
    for service in services:
        for heard in service.rules:
            if issubclass(heard, Event):
                found.setdefault(wire_name(heard), []).append(service.name)
    return found


@cache
def heard() -> Mapping[str, list[str]]:
    """`hearers` of all services of the shop, which are not run for it."""
    from ..runtime.config import defaults

    return hearers(services(SERVICES, defaults()))


def keyed_by(kind: type[Message]) -> str:
    """The field, as spelled on the wire, that names the aggregate of a message; empty where there is none."""
    spelling = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    return spelling.get(kind.keyed_by, "")


def shape(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields on the wire with their types, and which may be missing."""
    return {
        "name": wire_name(kind) if issubclass(kind, Message) else kind.__name__,
        "fields": {
            field.encode_name: told(inspect.type_info(field.type)) for field in msgspec.structs.fields(kind)
        },
        "optional": sorted(field.encode_name for field in msgspec.structs.fields(kind) if not field.required),
    }


def told(kind: inspect.Type) -> Any:
    """A type as JSON: a word, a list of one type, or an object of fields."""
    match kind:
        case inspect.Metadata(type=inner):
            return told(inner)
        case inspect.StructType(fields=fields):
            return {field.encode_name + ("" if field.required else "?"): told(field.type) for field in fields}
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [told(item)]
        case inspect.UnionType(types=types):
            known = [told(one) for one in types]
            return known[0] if len(known) == 1 else {"anyOf": known}
        case inspect.LiteralType(values=values):
            return " | ".join(repr(value) for value in sorted(map(str, values)))
        case inspect.DictType(value_type=value):
            return {"*": told(value)}
    return WORDS.get(type(kind), type(kind).__name__.removesuffix("Type").lower())


WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.FloatType: "number",
    inspect.NoneType: "null",
    inspect.AnyType: "any",
    inspect.BytesType: "base64",
}
