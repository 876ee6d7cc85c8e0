"""Declares an operation once: from this come its route, its page in the API description, its access rule and
its tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo

from ..core.model import Message, Query


class Who(StrEnum):
    """Who may call. `OWNER` is any signed-in user: the service that stores the object checks the
    ownership.
    """

    ALL = "all"
    HOLDER = "holder of the token in the body"
    USER = "signed in"
    OWNER = "owner or admin"
    ADMIN = "admin"


class Operation(msgspec.Struct, frozen=True):
    """One line of the API. `asks` is the message the request becomes: its fields come from the path, the
    query string and the body.

    A message has what any API may need. `hides` names its last fields that this operation does not take, and
    `narrows` gives a field a type that allows less than the message does; where that does not allow the
    field's default, the field is required. `versioned`: what it gives has a
    version, by which a caller may make a request conditional; a change has it in its field `seen`.
    `waits`: an answer can be waited for until it is final.
    """

    name: str
    method: str
    path: str
    asks: type[Message]
    gives: Any
    who: Who
    says: str
    status: int = 200
    refuses: tuple[tuple[int, str], ...] = ()
    example: Any = None
    paged: bool = False
    hides: tuple[str, ...] = ()
    narrows: Mapping[str, Any] = {}
    versioned: bool = False
    waits: bool = False

    @property
    def reads(self) -> bool:
        return issubclass(self.asks, Query)

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


def _allowed(field: FieldInfo, type_: Any) -> bool:
    """Whether the default of a field is one of this type."""
    if type_ is field.type:
        return True
    try:
        msgspec.convert(field.default, type_)
    except msgspec.ValidationError:
        return False
    return True


def taken(operation: Operation) -> type[msgspec.Struct]:
    """The fields of the message that an operation takes, as a struct of the message's name. Errors:
    ValueError, for a field that is not there, or is hidden before one that is not.
    """
    if not operation.hides and not operation.narrows:
        return operation.asks
    kind = operation.asks
    fields = msgspec.structs.fields(kind)
    shown = fields[: len(fields) - len(operation.hides)]
    if {field.name for field in fields[len(shown) :]} != set(operation.hides):
        raise ValueError(f"{operation.name} hides {operation.hides}: not the last fields of {kind.__name__}")
    if strange := operation.narrows.keys() - {field.name for field in shown}:
        raise ValueError(f"{operation.name} narrows {sorted(strange)}: no fields that it takes")
    declared: list[Any] = []
    for field in shown:
        type_ = operation.narrows.get(field.name, field.type)
        if field.default is not NODEFAULT and _allowed(field, type_):
            declared.append((field.name, type_, field.default))
        elif field.default_factory is not NODEFAULT:
            declared.append((field.name, type_, msgspec.field(default_factory=field.default_factory)))
        else:
            declared.append((field.name, type_))
    return msgspec.defstruct(
        kind.__name__,
        declared,
        frozen=True,
        rename="camel",
        tag=kind.__struct_config__.tag,
        forbid_unknown_fields=kind.__struct_config__.forbid_unknown_fields,
        namespace={"__doc__": kind.__doc__},
        module=kind.__module__,
    )
