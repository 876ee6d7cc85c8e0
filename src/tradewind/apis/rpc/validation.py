"""Finds what is wrong with a body, field by field, in the words and the order of class-validator.

Numbers are floats here, as in JavaScript: 2.0 is an integer, 1e400 is a number that is not finite.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import msgspec

from ...core.texts import VISIBLE, all_seen
from .bounds import LONGEST, MOST_ITEMS, MOST_MONEY, MOST_PER_PAGE, MOST_PIECES, MOST_STOCK, UUID, cents

T = TypeVar("T")
Check = Callable[[str, Any], list[str]]
Fields = tuple[tuple[str, Check], ...]
_ABSENT = object()
has_visible = re.compile(VISIBLE).search


class NotJson(ValueError):
    """The body is no JSON at all, so there are no fields to speak of."""


def walked(body: bytes, kind: type[T], fields: Fields) -> T | list[str]:
    try:
        given = (
            json.loads(body.decode(), parse_int=float, parse_constant=_no_constant) if body.strip() else {}
        )
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON") from None
    given = given if isinstance(given, dict) else {}
    return _faults("", given, fields) or msgspec.convert(_whole(given, fields), kind)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _faults(path: str, given: Any, fields: Fields) -> list[str]:
    known = given if isinstance(given, dict) else {}
    return [fault for name, check in fields for fault in check(path + name, known.get(name, _ABSENT))]


def _whole(value: Any, fields: Fields) -> Any:
    """What is known of a body that has no faults, with 2.0 as the integer that JavaScript takes it for."""
    if isinstance(value, list):
        return [_whole(item, _ITEM) for item in value]
    if isinstance(value, dict):
        return {name: _whole(value[name], fields) for name, _ in fields if name in value}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(value: Any) -> Any:
    if isinstance(value, str):
        return (
            float(value)
            if re.fullmatch(r"\s*[+-]?[0-9]{1,400}(\.[0-9]{0,400})?\s*", value, re.ASCII)
            else math.nan
        )
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _bounds(path: str, value: Any, low: float, high: float) -> list[str]:
    # an upper bound is ours: it is spoken of only where it is what is wrong
    if not _is_number(value) or not value >= low:
        return [f"{path} must not be less than {low}"]
    return [f"{path} must not be greater than {high}"] if high < value < math.inf else []


def _int(low: int, high: int) -> Check:
    def check(path: str, value: Any) -> list[str]:
        whole = _is_number(value) and math.isfinite(value) and value == int(value)
        return [*_bounds(path, value, low, high), *([] if whole else [f"{path} must be an integer number"])]

    return check


def _money(path: str, value: Any) -> list[str]:
    wrong = _bounds(path, value, 0, MOST_MONEY)
    if not _is_number(value) or not math.isfinite(value) or (value <= MOST_MONEY and cents(abs(value)) < 0):
        wrong.append(f"{path} must be a number conforming to the specified constraints")
    return wrong


def _perhaps_money(path: str, value: Any) -> list[str]:
    return [] if value is None or value is _ABSENT else _money(path, value)


def _uuid(path: str, value: Any) -> list[str]:
    return [] if isinstance(value, str) and UUID.match(value) else [f"{path} must be a UUID"]


def _text(most: int) -> Check:
    def check(path: str, value: Any) -> list[str]:
        if isinstance(value, str) and len(value) > most:
            return [f"{path} must be shorter than or equal to {most} characters"]
        wrong = [f"{path} should not be empty"] if value in ("", None, _ABSENT) else []
        # half a character and NUL: no database keeps them
        if not isinstance(value, str) or "\0" in value or value != value.encode(errors="ignore").decode():
            wrong.append(f"{path} must be a string")
        return wrong

    return check


def seen(text: str) -> bool:
    """Whether it has no character that cannot be seen, but spaces inside."""
    return all_seen(text.replace(" ", "")) and not text.isspace()


def _name(path: str, value: Any) -> list[str]:
    wrong = _text(LONGEST)(path, value)
    if not wrong and not has_visible(value):
        wrong.append(f"{path} should not be empty")
    return wrong


def _identity(path: str, value: Any) -> list[str]:
    wrong = _text(LONGEST)(path, value)
    if not wrong and not seen(value):
        wrong.append(f"{path} must be made of characters that can be seen")
    return wrong


def _items(path: str, value: Any) -> list[str]:
    if isinstance(value, list) and value:
        if len(value) > MOST_ITEMS:
            return [f"{path} must contain no more than {MOST_ITEMS} elements"]
        return [fault for index, item in enumerate(value) for fault in _item(path, index, item)]
    if isinstance(value, dict) and (wrong := _faults(path + ".", value, _ITEM)):
        return wrong
    wrong = [f"{path} must contain at least 1 elements"]
    if not isinstance(value, list):
        wrong.append(f"{path} must be an array")
    if not isinstance(value, (list, dict)) and value is not _ABSENT:
        wrong.append(f"each value in nested property {path} must be either object or array")
    return wrong


def _item(path: str, index: int, item: Any) -> list[str]:
    if not isinstance(item, (dict, list)):
        return [f"{path}.each value in nested property {path} must be either object or array"]
    return _faults(f"{path}.{index}.", item, _ITEM)


_ITEM: Fields = (("productId", _uuid), ("quantity", _int(1, MOST_PIECES)), ("price", _money))
ORDER: Fields = (("items", _items), ("total", _money))
PRODUCT: Fields = (
    ("name", _name),
    ("sku", _identity),
    ("stock", _int(0, MOST_STOCK)),
    ("price", _perhaps_money),
)
PAYMENT: Fields = (("orderId", _uuid), ("amount", _money))
PAGING: Fields = (("page", _int(1, 1_000_000_000)), ("perPage", _int(1, MOST_PER_PAGE)))


def paging(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with a page, of which the values are numbers."""
    return [fault for name, check in PAGING if name in given for fault in check(name, given[name])]


def key(value: Any) -> list[str]:
    """What is wrong with an idempotency key that is there."""
    return _identity("idempotencyKey", value)
