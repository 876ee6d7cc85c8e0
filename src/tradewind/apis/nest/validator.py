"""Finds what is wrong with a body, field by field, in the words and the order of class-validator: clients of
NestJS systems read them.

A body is parsed as JavaScript parses it: numbers are floats, 2.0 is an integer, 1e400 is a number that is not
finite. An API decodes a body into a type of its own first; only one that fails is walked here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import msgspec

T = TypeVar("T")
Check = Callable[[str, Any], list[str]]
"""Gets the path of a field and its value, which may be ABSENT; returns what is wrong."""
Fields = tuple[tuple[str, Check], ...]
ABSENT = object()
# what validator.js takes for a UUID where no version is asked for
UUID = re.compile(
    r"^(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
    r"|0{8}-0{4}-0{4}-0{4}-0{12}|[fF]{8}-[fF]{4}-[fF]{4}-[fF]{4}-[fF]{12})\Z"
)
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,400}(\.[0-9]{0,400})?\s*", re.ASCII)


class NotJson(ValueError):
    """The body is no JSON at all, so there are no fields to speak of."""


def parsed(body: bytes) -> Any:
    """Errors: NotJson."""
    try:
        return json.loads(body.decode(), parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def walked(body: bytes, kind: type[T], fields: Fields) -> T | list[str]:
    """The body as a `kind`, or what is wrong with its fields; those that are not known are dropped. Errors:
    NotJson.
    """
    given = parsed(body) if body.strip() else {}
    given = given if isinstance(given, dict) else {}
    return faults("", given, fields) or msgspec.convert(_whole(given, fields), kind)


def faults(path: str, given: Any, fields: Fields) -> list[str]:
    known = given if isinstance(given, dict) else {}
    return [fault for name, check in fields for fault in check(path + name, known.get(name, ABSENT))]


def first_faults(body: bytes, fields: Fields) -> dict[str, str]:
    """By field, the first thing that is wrong with it. Errors: NotJson."""
    given = parsed(body) if body.strip() else {}
    known = given if isinstance(given, dict) else {}
    found = {name: check(name, known.get(name, ABSENT)) for name, check in fields}
    return {name: wrong[0] for name, wrong in found.items() if wrong}


def _whole(value: Any, fields: Fields) -> Any:
    """What is known of a body that has no faults, with 2.0 as the integer that JavaScript takes it for."""
    if isinstance(value, list):
        return [_whole(item, fields) for item in value]
    if isinstance(value, dict):
        return {
            name: _whole(value[name], check.fields if isinstance(check, Items) else ())
            for name, check in fields
            if name in value
        }
    return int(value) if isinstance(value, float) and value.is_integer() else value


# -- the checks


def every(*checks: Check) -> Check:
    """Of a field with several decorators; the lowest one speaks first."""

    def check(path: str, value: Any) -> list[str]:
        return [fault for one in checks for fault in one(path, value)]

    return check


def optional(check: Check) -> Check:
    return lambda path, value: [] if value is None or value is ABSENT else check(path, value)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_int(path: str, value: Any) -> list[str]:
    whole = is_number(value) and math.isfinite(value) and value == int(value)
    return [] if whole else [f"{path} must be an integer number"]


def within(low: float, high: float) -> Check:
    def check(path: str, value: Any) -> list[str]:
        # an upper bound is ours: it is spoken of only where it is what is wrong
        if not is_number(value) or not value >= low:
            return [f"{path} must not be less than {low}"]
        return [f"{path} must not be greater than {high}"] if high < value < math.inf else []

    return check


def is_uuid(path: str, value: Any) -> list[str]:
    return [] if isinstance(value, str) and UUID.match(value) else [f"{path} must be a UUID"]


def is_text(most: int) -> Check:
    def check(path: str, value: Any) -> list[str]:
        if isinstance(value, str) and len(value) > most:
            return [f"{path} must be shorter than or equal to {most} characters"]
        wrong = [f"{path} should not be empty"] if value in ("", None, ABSENT) else []
        # half a character and NUL: no database keeps them
        if not isinstance(value, str) or "\0" in value or value != value.encode(errors="ignore").decode():
            wrong.append(f"{path} must be a string")
        return wrong

    return check


class Items:
    """An array of 1 to `most` objects with these fields."""

    def __init__(self, fields: Fields, most: int) -> None:
        self.fields, self._most = fields, most

    def __call__(self, path: str, value: Any) -> list[str]:
        if isinstance(value, list) and value:
            if len(value) > self._most:
                return [f"{path} must contain no more than {self._most} elements"]
            return [fault for index, item in enumerate(value) for fault in self._item(path, index, item)]
        if isinstance(value, dict) and (wrong := faults(path + ".", value, self.fields)):
            return wrong
        wrong = [f"{path} must contain at least 1 elements"]
        if not isinstance(value, list):
            wrong.append(f"{path} must be an array")
        if not isinstance(value, (list, dict)) and value is not ABSENT:
            wrong.append(f"each value in nested property {path} must be either object or array")
        return wrong

    def _item(self, path: str, index: int, item: Any) -> list[str]:
        if not isinstance(item, (dict, list)):
            return [f"{path}.each value in nested property {path} must be either object or array"]
        return faults(f"{path}.{index}.", item, self.fields)


def number(value: Any) -> Any:
    """A value of a query string as the number that it is taken for; NaN for what is none."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else math.nan
    return value
