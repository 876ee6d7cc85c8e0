"""Turns what the services say into the published shapes: minor units into decimals, a list into a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ....contracts.values import Money
from ....contracts.values import Page as Listed
from .. import rules
from .endpoint import encode


class Cents(msgspec.Struct, gc=False):
    """As much as is needed of an amount; all are in one currency."""

    amount: int


class Meta(msgspec.Struct, rename="camel"):
    page: int
    per_page: int
    item_count: int
    page_count: int
    has_previous_page: bool
    has_next_page: bool


class Page(msgspec.Struct):
    data: Sequence[Any]
    meta: Meta


def decimal(units: int) -> float:
    """As JavaScript writes it: 59.98, 59.9, and 60 for a whole amount."""
    return units // 100 if units % 100 == 0 else units / 100


def money(amount: float, currency: str) -> Money:
    """Of an amount that the rules have let through. Errors: ValueError for any other."""
    units = rules.cents(amount)
    if units < 0:
        raise ValueError("not an amount of whole minor units")
    return Money(units, currency)


def page(rows: Sequence[Any], paging: rules.Paging, item_count: int) -> bytes:
    pages = -(-item_count // paging.per_page)
    return encode(
        Page(
            rows, Meta(paging.page, paging.per_page, item_count, pages, paging.page > 1, paging.page < pages)
        )
    )


def total_of(listed: Listed[Any]) -> int:
    """How many there are on all pages: a page that was asked for by its number says it."""
    return listed.total if isinstance(listed.total, int) else 0
