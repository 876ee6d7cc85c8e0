"""The bounds of requests to this API, in one place for checks, errors and description."""

from __future__ import annotations

import re

MOST_ITEMS, MOST_PIECES, MOST_STOCK, MOST_MONEY, LONGEST = (
    1_000,
    9_999_999,
    1_000_000_000,
    9_999_999_999.99,
    255,
)
PER_PAGE, MOST_PER_PAGE = 10, 100
# what validator.js takes for a UUID where no version is asked for
UUID = re.compile(
    r"^(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
    r"|0{8}-0{4}-0{4}-0{4}-0{12}|[fF]{8}-[fF]{4}-[fF]{4}-[fF]{4}-[fF]{12})\Z"
)


def cents(amount: float) -> int:
    """The minor units of a decimal with two places; -1 where it has more, is negative or is past what can be
    kept.
    """
    if not 0 <= amount <= MOST_MONEY:
        return -1
    units = round(amount * 100)
    return units if units / 100 == amount else -1
