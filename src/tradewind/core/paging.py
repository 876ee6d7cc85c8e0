"""Cuts a list into pages by time and id of the last row, so that page 1,000 costs what the first does.

A query asks for `limit + 1` rows below a place, newest first: the extra row means that there is another page.
To clients a cursor is opaque. It carries a digest of its list, its filter and its place, so that it is
refused elsewhere, and where a part of it is missing.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

from .model import Refused

T = TypeVar("T")
Place: TypeAlias = tuple[int, str]

END: Final[Place] = (2**62, "")
"""After every row."""
LONGEST = 2_048
"""Bytes of a cursor: an id has 255 characters at most."""


class Listing:
    """One list, under one filter: reads its cursors and cuts its pages."""

    __slots__ = ("_digest",)

    def __init__(self, name: str, *filters: str) -> None:
        self._digest = _of_list(name, *filters)

    def below(self, cursor: str) -> dict[str, Any]:
        """The parameters of `schema.newest_first` for the page that a cursor begins."""
        at, key = self.place(cursor)
        return {"below_at": at, "below_id": key}

    def place(self, cursor: str) -> Place:
        """The time and id that the page begins below. Errors: Refused, when the cursor is not one of
        this list and filter.
        """
        if not cursor:
            return END
        try:
            text = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise _unknown() from error
        rest = text.partition(":")[2]
        at, _, key = rest.partition(":")
        if (
            not (at.isascii() and at.isdigit() and len(at) <= 18)
            or not key
            or "\0" in key
            or len(cursor) > LONGEST
            or self._cursor((int(at), key)) != cursor
        ):
            raise _unknown()
        return int(at), key

    def page(
        self, rows: Sequence[T], limit: int, place: Callable[[T], Place]
    ) -> tuple[Sequence[T], str | None]:
        """The rows of this page, and the cursor of the next one where `rows` holds more than `limit`."""
        if len(rows) <= limit:
            return rows, None
        shown = rows[:limit]
        return shown, self._cursor(place(shown[-1]))

    def _cursor(self, place: Place) -> str:
        at, key = place
        digest = _digest(self._digest, str(at), key)
        return urlsafe_b64encode(f"{digest}:{at}:{key}".encode()).decode().rstrip("=")


def _digest(*parts: str) -> str:
    """The parts are written with their lengths: no two lists have the same text."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


_of_list = lru_cache(maxsize=1_024)(_digest)


def _unknown() -> Refused:
    return Refused("invalid_cursor", 422, "The cursor is not one of this list: start again without it.")
