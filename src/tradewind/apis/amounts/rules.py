"""The bounds of an amount and of references, in one place for checks, errors and descriptions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

LEAST, MOST = 1, 2_147_483_647
"""The published column is a 32-bit integer; an order of nothing is refused."""
LONGEST = 255
PER_PAGE, MOST_PER_PAGE = 10, 100
Amount = Annotated[int, Meta(ge=LEAST, le=MOST)]
Reference = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
