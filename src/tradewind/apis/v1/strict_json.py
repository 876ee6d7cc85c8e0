"""Parses JSON of clients strictly, because parsers read invalid texts in different ways, and a caller's key
must stand for one meaning.

msgspec is strict about types and syntax; what it lets through is refused here: duplicate keys, control
characters, integers past 64 bits, texts and nesting without a bound. No refusal repeats what the client has
sent.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

import msgspec

from .wording import plain

T = TypeVar("T")

DEEPEST = 32
LONGEST_TEXT = 10_000
LARGEST = 2**63 - 1

_plain: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode

_DIGITS_ALIKE = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_LONG_NUMBER = b"0" * 19
_BRACKETS_ALIKE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
# the last quote is optional so that a text without an end matches too: else every quote in it would be tried
# anew
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
# C0 but for tab and line ends, DEL and C1, and what turns the direction of the text around it
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PLACE = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$([^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)


class Invalid(Exception):
    """`field` is a path such as `items[0].quantity`, empty for the whole body."""

    def __init__(self, status: int, code: str, field: str, detail: str) -> None:
        super().__init__(code, field, detail)
        self.status = status
        self.code = code
        self.field = field
        self.detail = detail


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Errors: Invalid."""
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(body)
    try:
        value = decoder.decode(body)
        plain = _plain.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _explain(body, error)
    # a duplicate is lost in `plain`, and its colon with it; \u003a alone could make up for that
    if body.count(b":") != _encode(plain).count(b":") or b"\\u" in body:
        _check_duplicates(body)
    if (
        not body.isascii()
        or b"\\" in body
        or b"\x7f" in body
        or len(body) > LONGEST_TEXT
        or _LONG_NUMBER in body.translate(_DIGITS_ALIKE)
    ):
        _check_values(plain)
    return value


def _invalid_json(detail: str) -> Invalid:
    return Invalid(400, "invalid_json", "", detail)


def _check_depth(body: bytes) -> None:
    outside = _TEXT.sub(b"", body) if b"\\" in body else b"".join(body.split(b'"')[::2])
    brackets = outside.translate(_BRACKETS_ALIKE, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")  # the innermost level and no other
    if brackets:
        raise _invalid_json(f"The body is nested deeper than {DEEPEST} levels, or its brackets do not match.")


def _check_duplicates(body: bytes) -> None:
    json.loads(body.decode(), object_pairs_hook=_once, parse_int=len, parse_float=len)


def _once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise Invalid(400, "invalid_json", _name(key), "A field is given twice.")
        seen.add(key)


def _check_values(plain: Any) -> None:
    if fault := _fault(plain):
        raise Invalid(422, "invalid_field", fault[0].removeprefix("."), fault[1])


def _fault(value: Any) -> tuple[str, str] | None:
    """The path below `value` and what is wrong there."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return "", f"Expected a text of at most {LONGEST_TEXT} characters."
        if _FORBIDDEN.search(value):
            return "", "The text has a control character."
    elif isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            return "", "Integer value out of range."
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if fault := _fault(item):
                return f"[{index}]{fault[0]}", fault[1]
    elif isinstance(value, dict):
        for key, item in value.items():
            if fault := _fault(key) or _fault(item):
                return f".{_name(key)}{fault[0]}", fault[1]
    return None


def _explain(body: bytes, error: msgspec.DecodeError | UnicodeDecodeError) -> NoReturn:
    """Syntax first: a body that is no JSON gets no errors about its fields."""
    if not body.strip():
        raise _invalid_json("The body is empty.") from None
    try:
        _plain.decode(body)
    except UnicodeDecodeError:
        raise _invalid_json("The body is not UTF-8.") from None
    except msgspec.ValidationError:
        pass  # a number out of range
    except msgspec.DecodeError as syntax:
        raise _invalid_json(f"{syntax}.") from None
    else:
        _check_duplicates(body)
    raise _refusal(str(error)) from None


def _refusal(message: str) -> Invalid:
    match = _PLACE.fullmatch(message)
    assert match is not None
    text, place = match.groups()
    if place is None and text.startswith("Expected `"):
        return _invalid_json(f"{text}.")
    path = (place or "").split("[...]")[0]
    if unknown := _UNKNOWN.fullmatch(text):
        return Invalid(
            422,
            "unknown_field",
            f"{path}.{_name(unknown[1])}".removeprefix("."),
            "This field is not known here.",
        )
    if missing := _MISSING.fullmatch(text):
        return Invalid(
            422, "missing_field", f"{path}.{missing[1]}".removeprefix("."), "This field is required."
        )
    return Invalid(422, "invalid_field", path.removeprefix("."), f"{plain(text)}.")


def _name(key: str) -> str:
    """A key of the client's own choice is repeated only where it looks like a name."""
    return key if _NAME.fullmatch(key) else "?"
