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


def walked(body: bytes, kind: type[T], fields: Fields, forbid: bool = False) -> T | list[str]:
    """The body as a `kind`, or what is wrong with its fields; `forbid`: as of `faults`. Errors: NotJson."""
    given = parsed(body) if body.strip() else {}
    given = given if isinstance(given, dict) else {}
    return faults("", given, fields, forbid) or msgspec.convert(_whole(given, fields), kind)


def faults(path: str, given: Any, fields: Fields, forbid: bool = False) -> list[str]:
    """`forbid`: a field that is not known is wrong (`forbidNonWhitelisted`), else it is dropped."""
    known = given if isinstance(given, dict) else {}
    strange = known.keys() - {name for name, _ in fields} if forbid else ()
    wrong = [f"{path}property {name} should not exist" for name in known if name in strange]
    return wrong + [fault for name, check in fields for fault in check(path + name, known.get(name, ABSENT))]


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


def that(holds: Callable[[Any], bool], says: str) -> Check:
    return lambda path, value: [] if holds(value) else [f"{path} {says}"]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def decimals(most: int, value: Any) -> bool:
    """`IsNumber({maxDecimalPlaces})`"""
    return is_number(value) and math.isfinite(value) and round(value, most) == value


is_string = that(lambda value: isinstance(value, str), "must be a string")
not_empty = that(lambda value: value not in ("", None, ABSENT), "should not be empty")
is_uuid = that(lambda value: isinstance(value, str) and UUID.match(value) is not None, "must be a UUID")
is_int = that(
    lambda value: is_number(value) and math.isfinite(value) and value == int(value),
    "must be an integer number",
)


def is_decimal(most: int) -> Check:
    return that(
        lambda value: decimals(most, value), "must be a number conforming to the specified constraints"
    )


def at_least(low: float) -> Check:
    return that(lambda value: is_number(value) and value >= low, f"must not be less than {low}")


def at_most(high: float) -> Check:
    return that(lambda value: is_number(value) and value <= high, f"must not be greater than {high}")


def longer(least: int) -> Check:
    return that(
        lambda value: isinstance(value, str) and len(value) >= least,
        f"must be longer than or equal to {least} characters",
    )


def shorter(most: int) -> Check:
    return that(
        lambda value: isinstance(value, str) and len(value) <= most,
        f"must be shorter than or equal to {most} characters",
    )


def matches(pattern: str) -> Check:
    """`pattern` is as JavaScript has it, and means the same in Python but for the end of the text."""
    found = re.compile(pattern.replace("$", r"\Z")).search
    return that(
        lambda value: isinstance(value, str) and found(value) is not None,
        f"must match /{pattern}/ regular expression",
    )


def one_of(*values: str) -> Check:
    return that(lambda value: value in values, f"must be one of the following values: {', '.join(values)}")


# -- checks with bounds of our own, which are spoken of only where they are what is wrong


def within(low: float, high: float) -> Check:
    least = at_least(low)

    def check(path: str, value: Any) -> list[str]:
        if wrong := least(path, value):
            return wrong
        return [f"{path} must not be greater than {high}"] if high < value < math.inf else []

    return check


def is_text(most: int) -> Check:
    def check(path: str, value: Any) -> list[str]:
        if isinstance(value, str) and len(value) > most:
            return [f"{path} must be shorter than or equal to {most} characters"]
        wrong = not_empty(path, value)
        # half a character and NUL: no database keeps them
        if not isinstance(value, str) or "\0" in value or value != value.encode(errors="ignore").decode():
            wrong.append(f"{path} must be a string")
        return wrong

    return check


class Items:
    """An array of 1 to `most` objects with these fields. `forbid`: as of `faults`. `published`: the bound
    is the API's own, and spoken of also where there is no array.
    """

    def __init__(self, fields: Fields, most: int, *, forbid: bool = False, published: bool = False) -> None:
        self.fields, self._most, self._forbid, self._published = fields, most, forbid, published

    def __call__(self, path: str, value: Any) -> list[str]:
        too_many = f"{path} must contain no more than {self._most} elements"
        if isinstance(value, list) and value:
            if len(value) > self._most:
                return [too_many]
            return [fault for index, item in enumerate(value) for fault in self._item(path, index, item)]
        if isinstance(value, dict) and (wrong := faults(path + ".", value, self.fields, self._forbid)):
            return wrong
        wrong = [f"{path} must contain at least 1 elements"]
        if not isinstance(value, list):
            wrong.append(f"{path} must be an array")
            if self._published:
                wrong.insert(0, too_many)
        if not isinstance(value, (list, dict)) and value is not ABSENT:
            wrong.append(f"each value in nested property {path} must be either object or array")
        return wrong

    def _item(self, path: str, index: int, item: Any) -> list[str]:
        if not isinstance(item, (dict, list)):
            return [f"{path}.each value in nested property {path} must be either object or array"]
        return faults(f"{path}.{index}.", item, self.fields, self._forbid)


def number(value: Any) -> Any:
    """A text as the number that an implicit conversion takes it for; NaN for what is none. Others stay."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else math.nan
    return value
