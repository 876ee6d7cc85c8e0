"""The values that several services use: money, times, pages, and the rules of texts."""

from __future__ import annotations

import time
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ..core.texts import VISIBLE
from .currencies import ActiveCurrency

T = TypeVar("T")

# ISO 4217 minor units: at most 10^12 keeps every total of 100 lines of 9,999 pieces inside 64 bits
Amount = Annotated[int, Meta(ge=0, le=1_000_000_000_000, description="integer minor units (ISO 4217)")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217 code")]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)")]
UuidOrAny = Uuid | Literal[""]
# as it was sent, upper or lower case: only a lookup folds it
AnyUuid = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$(?!\n)")
]
Sku = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)", max_length=64)]
Quantity = Annotated[int, Meta(ge=1, le=9999)]
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=VISIBLE)]
# what belongs to others: `item-123`, `101` and a UUID are all fine
Reference = Annotated[str, Meta(min_length=1, max_length=255)]
# in a query: empty is any
ReferenceOrAny = Annotated[str, Meta(max_length=255)]
Key = Annotated[
    str, Meta(max_length=255, description="the idempotency key under which it was asked; empty: none")
]
PageOrCursor = Annotated[int, Meta(ge=0, description="the page of this number; 0: by cursor")]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=VISIBLE)]
MaybeReason = Annotated[str, Meta(max_length=500, pattern=rf"^(?![\s\S])|{VISIBLE}")]
Stamp = Annotated[
    str,
    Meta(description="UTC, RFC 3339 with milliseconds", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"),
]


HIDDEN = Meta(extra_json_schema={"x-hidden": True})
"""Marks a field of a view that only some APIs show. It is UNSET, and so not written, where nothing set it."""


class View(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An answer's shape."""


class Money(View, frozen=True, forbid_unknown_fields=True):
    amount: Amount
    currency: Currency


class Price(Money, frozen=True, forbid_unknown_fields=True):
    """In a currency that is in use today; old orders keep theirs."""

    currency: ActiveCurrency


class Page(View, Generic[T], frozen=True):
    """One page of a list; `nextCursor` is null on the last."""

    data: list[T]
    next_cursor: str | None
    # of all pages, where a page was asked for by its number
    total: Annotated[int | UnsetType, HIDDEN] = UNSET


_seconds: dict[int, str] = {}


def stamp(at: int) -> str:
    """Milliseconds since the epoch as `2026-11-21T09:30:00.123Z`."""
    second, milli = divmod(at, 1000)
    text = _seconds.get(second)
    if text is None:
        if len(_seconds) >= 10_000:
            _seconds.clear()
        text = _seconds[second] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return f"{text}.{milli:03d}Z"
