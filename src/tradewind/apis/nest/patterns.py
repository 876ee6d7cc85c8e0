"""Finds who is meant by a pattern, as NestJS does: `{"b":1,"a":2}` and `{"a":2,"b":1}` are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

MOST_SPELLINGS = 1024
LONGEST = 4096

T = TypeVar("T")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def route(pattern: bytes) -> str:
    """The name that NestJS gives to a pattern. `pattern` is JSON. Errors: msgspec.DecodeError,
    RecursionError.
    """
    meant = _decode(pattern)
    return _parsed(meant) if isinstance(meant, str) else _route(meant)


def _parsed(text: str) -> str:
    try:
        return _route(_decode(text))  # a string that holds JSON means what it holds
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def _route(pattern: Any) -> str:
    if isinstance(pattern, str):
        return pattern
    if isinstance(pattern, list):
        pattern = {str(index): value for index, value in enumerate(pattern)}
    if isinstance(pattern, dict):
        parts = [
            f'"{key}":' + (f'"{value}"' if isinstance(value, str) else _route(value))
            for key, value in sorted(pattern.items())
        ]
        return "{" + ",".join(parts) + "}"
    if isinstance(pattern, float) and pattern.is_integer():
        pattern = int(pattern)  # JavaScript has one kind of number
    return str(msgspec.json.encode(pattern), "ascii")


class Routes(Generic[T]):
    """The handlers of a queue. One named `x` is asked for by `{"cmd":"x"}` or by `"x"`; a name that is JSON
    is that pattern.
    """

    def __init__(self, handlers: Mapping[str, T]) -> None:
        self._named: dict[str, tuple[str, T]] = {}
        self._spelled: dict[bytes, tuple[str, T]] = {}  # the hot path: the bytes themselves
        for name, handler in handlers.items():
            for pattern in ({"cmd": name}, name):
                spelling = _encode(pattern)
                self._named[route(spelling)] = self._spelled[spelling] = (name, handler)

    def find(self, pattern: bytes) -> tuple[str, T] | None:
        """The name and the handler of this JSON pattern; None where there is none."""
        found = self._spelled.get(pattern)
        if found is None and pattern and len(pattern) <= LONGEST:
            try:
                found = self._named.get(route(pattern))
            except (msgspec.DecodeError, RecursionError):
                return None
            if found is not None and len(self._spelled) < MOST_SPELLINGS:
                self._spelled[pattern] = found
        return found
