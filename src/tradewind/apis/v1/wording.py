"""Says what is wrong with a value in the words of the people who sent it: msgspec names Python's types and
regular expressions.
"""

from __future__ import annotations

import re
from typing import Final, get_args

from ...contracts import values
from ...core.texts import VISIBLE

_TYPES: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_GIVEN: Final = {**_TYPES, "float": "a number with a fraction"}
_COUNTED: Final = {"str": "character", "array": "entry", "object": "field"}
_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=) (\d+)")
_BOUND = re.compile(r"Expected `(int|float)` (>=|<=) (\S+)")
_FORM = re.compile(r"Expected `str` matching regex (.*)", re.DOTALL)
_AT = {">=": "at least", "<=": "at most"}
_VISIBLE = "a text with a character that can be seen"
_UUID = "a UUID of 36 characters, such as 018f2d3c-5b7a-7c1d-9e8f-0a1b2c3d4e5f"


def _pattern(type: object) -> str:
    return next(str(one.pattern) for one in get_args(type)[1:] if one.pattern)


# as they stand in msgspec's message
_FORMS: Final = {
    repr(pattern): says
    for pattern, says in (
        (
            _pattern(values.Sku),
            "the letters A to Z and a to z, digits, `.`, `_` and `-`, a letter or digit first; "
            "full-width and accented letters are others",
        ),
        (_pattern(values.Currency), "a currency of three capital letters, such as EUR"),
        (_pattern(values.Uuid), _UUID),
        (_pattern(values.AnyUuid), _UUID),
        (_pattern(values.MaybeReason), _VISIBLE),
        (VISIBLE, _VISIBLE),
    )
}


def plain(text: str) -> str:
    """A message of msgspec, without its place, for a person."""
    if text.startswith("Invalid"):
        return "This is not one of the allowed values"  # msgspec's own words would repeat the value
    if found := _TYPE.fullmatch(text):
        wanted = " or ".join(_TYPES.get(name, name) for name in found[1].split(" | "))
        return f"Expected {wanted}, not {_GIVEN.get(found[2], found[2])}"
    if found := _LENGTH.fullmatch(text):
        one = _COUNTED.get(found[1], "entry")
        many = one if found[3] == "1" else "entries" if one == "entry" else f"{one}s"
        return f"Expected {_AT[found[2]]} {found[3]} {many}"
    if found := _BOUND.fullmatch(text):
        return f"Expected {_TYPES[found[1]]} of {_AT[found[2]]} {found[3]}"
    if found := _FORM.fullmatch(text):
        return f"Expected {_FORMS.get(found[1], 'a text in the form that this field has')}"
    return text
