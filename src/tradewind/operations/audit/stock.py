"""Checks that all stock comes from recorded movements, and that held and sold stock is what orders reserved
and bought.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from ...services.inventory.domain import COMMITTED, HELD
from ...services.inventory.storage import MOVEMENTS, PRODUCTS
from .findings import Broken
from .rows import Hold, Rows

_product = PRODUCTS.rows.c
_products = sa.select(_product.id, _product.on_hand, _product.held, _product.committed)
_moved = sa.select(MOVEMENTS.rows.c.product_id, sa.func.sum(MOVEMENTS.rows.c.delta)).group_by(
    MOVEMENTS.rows.c.product_id
)
_claimed = msgspec.json.Decoder(dict[str, int])


class Shelf:
    """What orders hold and bought, counted product by product as their stories pass."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.committed: dict[str, int] = {}

    def claim(self, hold: Hold | None) -> Iterator[Broken]:
        claims = {HELD: self.held, COMMITTED: self.committed}.get(hold.status) if hold else None
        if hold is None or claims is None:
            return
        try:
            for product, pieces in _claimed.decode(hold.items).items():
                claims[product] = claims.get(product, 0) + pieces
        except msgspec.MsgspecError:
            yield Broken(hold.id, "its claim on stock cannot be read")

    async def compare(self, source: Rows) -> tuple[list[Broken], int]:
        """The products that do not come out; of how many."""
        products = await source.rows(_products)
        moved = {product: int(pieces) for product, pieces in await source.rows(_moved)}
        broken = []
        for product, on_hand, held, committed in products:
            counts = {
                "on hand": (on_hand, moved.pop(product, 0)),
                "held": (held, self.held.pop(product, 0)),
                "committed": (committed, self.committed.pop(product, 0)),
            }
            broken += [
                Broken(product, f"{name} {says}, counted {is_}")
                for name, (says, is_) in counts.items()
                if says != is_
            ]
            if min(held, committed, on_hand - held - committed) < 0:
                broken.append(Broken(product, f"{on_hand - held - committed} available"))
        left = {
            name for counts in (moved, self.held, self.committed) for name, pieces in counts.items() if pieces
        }
        broken += [Broken(name, "moved, held or sold, and there is no such product") for name in sorted(left)]
        return broken, len(products)
