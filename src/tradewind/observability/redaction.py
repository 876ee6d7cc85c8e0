"""Removes secrets from log lines, because sooner or later a whole request is logged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

REDACTED = "[redacted]"
DEEPEST = 8

# in any part of a key, with case, `_` and `-` left out
_PARTS = re.compile(
    r"password|passwd|passphrase|secret|token|authorization|cookie|apikey|privatekey|credential|jwt|cardnumber"
)
# whole words of a key: inside other words these mean nothing (discard, span)
_WORDS = frozenset({"card", "pan", "cvc", "cvv", "iban", "pwd"})
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")

_VALUE = re.compile(
    r"(?P<jwt>\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?)"
    r"|(?P<bearer>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"
    r"|(?P<tok>\b(?:tok|sk|pk|pm|whsec)_\w{2,})"
    r"|(?P<url>://[^\s:/@]*:)[^\s/@]+(?=@)"
    r"|(?P<pair>\b(?:[\w-]*(?:password|passwd|secret|token|api[_-]?key)|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)(?!\[redacted)[^\s\"',;&)}\]]+"
    # not inside a word, a UUID or a longer number
    r"|(?<![\w.-])(?P<pan>\d(?:[ -]?\d){12,18})(?![\w-])",
    re.IGNORECASE,
)


def secret_key(key: str) -> bool:
    """Whether the value of this key is never shown."""
    if _PARTS.search(re.sub(r"[_\s-]", "", key).lower()):
        return True
    return not _WORDS.isdisjoint(word.lower() for word in _SPLIT.split(key))


def text(value: str) -> str:
    """The text, with what looks like a token, a password or a card number masked."""
    return _VALUE.sub(_mask, value)


def _mask(found: re.Match[str]) -> str:
    if (pan := found["pan"]) is not None:
        digits = [int(c) for c in pan if c.isdigit()]
        # 13 and 14 digits are more often a time in milliseconds, so those must check out as a card
        return REDACTED if len(digits) > 14 or _luhn(digits) else pan
    return (found["bearer"] or found["url"] or found["pair"] or "") + REDACTED


def _luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def value(item: Any, depth: int = 0) -> Any:
    """The value with every secret in it masked; deeper nesting than the bound is left out."""
    if isinstance(item, str):
        return text(item)
    if isinstance(item, bool | float | None):
        return item
    if isinstance(item, int):
        return REDACTED if 10**14 <= item < 10**19 and _luhn([int(c) for c in str(item)]) else item
    if depth >= DEEPEST:
        return "…"
    if isinstance(item, dict):
        return {
            str(key): REDACTED if secret_key(str(key)) else value(inner, depth + 1)
            for key, inner in item.items()
        }
    if isinstance(item, list | tuple | set | frozenset):
        return [value(inner, depth + 1) for inner in item]
    return text(_shown(item, repr))


def _shown(item: Any, how: Callable[[Any], str]) -> str:
    try:
        return how(item)
    except Exception:  # whatever a `__repr__` does, the line is written
        return f"<{type(item).__name__}>"


def redact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """These fields of a line, without what must not be read."""
    return {key: REDACTED if secret_key(key) else value(item) for key, item in fields.items()}
