"""Reads a whole list for an API that publishes it without pages, up to a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...contracts.values import Page
from ...core.gateway import Gateway
from ...core.model import Caller, Query

PAGE = 100


async def gathered(
    gateway: Gateway, page_of: Callable[[int, str], Query], caller: Caller, most: int, deadline: int = 0
) -> tuple[list[Any], bool]:
    """The first `most` entries, newest first, and whether there are more. `page_of` makes the query of a page
    by its limit and cursor. A list of up to 100 entries is one question.
    """
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < most:
        page: Page[Any] = await gateway.ask(page_of(PAGE, cursor), caller, deadline=deadline)
        found += page.data
        cursor = page.next_cursor
    return found[:most], cursor is not None or len(found) > most
