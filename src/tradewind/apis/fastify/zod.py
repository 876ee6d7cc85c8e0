"""Finds what is wrong with a body, in the words of zod 4 as Fastify joins them.

A body is parsed as JavaScript parses it: numbers are floats, 2.0 is an integer. An API decodes a body into a
type of its own first; only one that fails is walked here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
Check = Callable[[Any], str]
"""Returns what is wrong with a value, which may be ABSENT, or nothing."""
Fields = Mapping[str, Check]
ABSENT = object()
SAFE = 2**53 - 1


def faults(place: str, value: Any, fields: Fields) -> list[str]:
    """`place`: body, querystring, params. Fields that are not known are dropped."""
    if not isinstance(value, dict):
        return [f"{place}/ {_expected('object', value)}"]
    found = [(name, check(value.get(name, ABSENT))) for name, check in fields.items()]
    return [f"{place}/{name} {wrong}" for name, wrong in found if wrong]


def whole(least: int, most: int) -> Check:
    """z.number().int().min(least).max(most), within the integers that JavaScript can tell apart."""

    def check(value: Any) -> str:
        if not _is_number(value) or not math.isfinite(value):
            return _expected("number", value)
        if value != int(value):
            return _expected("int", value)
        if value < least:
            says = f"Too small: expected number to be >={least}"
            return says if value >= -SAFE else f"Too small: expected int to be >=-{SAFE}"
        if value > most:
            says = f"Too big: expected number to be <={most}"
            return says if value <= SAFE else f"Too big: expected int to be <={SAFE}"
        return ""

    return check


def text(least: int, most: int) -> Check:
    """z.string().min(least).max(most)"""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            return _expected("string", value)
        if len(value) < least:
            return f"Too small: expected string to have >={least} characters"
        if len(value) > most:
            return f"Too big: expected string to have <={most} characters"
        # half a character and NUL: no database keeps them
        sound = "\0" not in value and value == value.encode(errors="ignore").decode()
        return "" if sound else "Invalid string: must be well-formed text"

    return check


def optional(check: Check) -> Check:
    return lambda value: "" if value is ABSENT else check(value)


def number_of(text: str) -> Any:
    """A value of a query string, as z.coerce.number() takes it; NaN for what is none."""
    text = text.strip()
    if not text:
        return 0.0
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _expected(kind: str, value: Any) -> str:
    return f"Invalid input: expected {kind}, received {_kind(value)}"


def _kind(value: Any) -> str:
    if value is ABSENT:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
