"""Cuts a list into pages by the sort key of the last row, so that the thousandth page costs what the first
does.

A query asks for `limit + 1` rows below a key: the extra row means that there is another page. To clients a
cursor is opaque.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from .model import Refused

T = TypeVar("T")

# a letter: in many collations of PostgreSQL a sign like ~ sorts before the digits that our ids begin with
TOP = "z"
END_OF_TIME = 2**62
_PLACE = re.compile(r"[0-9A-Za-z-]{1,64}")


def below(cursor: str) -> str:
    """The id that the page begins below; above all ids where there is no cursor. Errors: Refused, when the
    cursor is not one of ours.
    """
    if not cursor:
        return TOP
    try:
        place = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error
    if not _PLACE.fullmatch(place) or _opaque(place) != cursor:
        raise _unknown()
    return place


def below_time(cursor: str) -> tuple[int, str]:
    """The same for a list in the order of a time, then an id; its places come from `at_time`."""
    if not cursor:
        return END_OF_TIME, TOP
    at, _, key = below(cursor).partition("-")
    if not at.isdigit() or len(at) > 18 or not key:
        raise _unknown()
    return int(at), key


def at_time(at: int, key: str) -> str:
    return f"{at}-{key}"


def page(rows: Sequence[T], limit: int, place: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The rows of this page, and the cursor of the next one where `rows` holds more than `limit`."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, _opaque(place(shown[-1]))


def _opaque(place: str) -> str:
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _unknown() -> Refused:
    return Refused("invalid_cursor", 422, "The cursor is not one of ours: start again without it.")
