"""Marks for fields that nobody may keep: the engine blanks them in log and outbox once they have served.

`token: Annotated[str, SECRET]` goes once every subscription has passed the event.
`name: Annotated[str, PERSONAL]` goes once an event of the same key says that the person is deleted
(`erases_personal`), from the log, the dead letters and the replies that are kept for a retry.
"""

from __future__ import annotations

import typing
from enum import Enum
from functools import cache

import msgspec

from .model import Message


class Mark(Enum):
    SECRET = "secret"
    PERSONAL = "personal"


SECRET, PERSONAL = Mark.SECRET, Mark.PERSONAL


@cache
def marked(kind: type[Message], mark: Mark) -> tuple[str, ...]:
    """The fields with this mark, by their names on the wire. Errors: TypeError for one that is not a text."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found: list[str] = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if mark in getattr(hint, "__metadata__", ()):
            if hint.__origin__ is not str:
                raise TypeError(f"{kind.__name__}.{field.name} is {mark.value} and must be a text")
            found.append(field.encode_name)
    return tuple(found)


def blanked(body: str, fields: tuple[str, ...]) -> str:
    """A message as JSON, with these fields empty. Errors: msgspec.MsgspecError for what is no JSON object."""
    told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    empty = {field: msgspec.Raw(b'""') for field in fields if field in told}
    return msgspec.json.encode({**told, **empty}).decode()


def without(body: str, fields: tuple[str, ...]) -> str:
    """A message as JSON, without these fields. Errors: msgspec.MsgspecError for what is no JSON object."""
    told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({name: value for name, value in told.items() if name not in fields}).decode()
