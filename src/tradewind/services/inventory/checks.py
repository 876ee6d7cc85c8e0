"""Checks that all stock comes from recorded movements, and that held and sold stock is what orders reserved
and bought.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from ...core.checks import Broken, Checked, Checks, Rows, paged
from ...core.schema import by_key
from .domain import COMMITTED, HELD
from .storage import MOVEMENTS, PRODUCTS, RESERVATIONS

_product, _claim = PRODUCTS.rows.c, RESERVATIONS.rows.c
_products = sa.select(_product.id, _product.on_hand, _product.held, _product.committed)
_moved = sa.select(MOVEMENTS.rows.c.product_id, sa.func.sum(MOVEMENTS.rows.c.delta)).group_by(
    MOVEMENTS.rows.c.product_id
)
_claims = by_key(
    sa.select(_claim.id, _claim.status, _claim["items"]).where(
        sa.or_(_claim.status == HELD, _claim.status == COMMITTED)
    ),
    _claim.id,
)
_claimed = msgspec.json.Decoder(dict[str, int])


async def stock(source: Rows, policies: Any) -> list[Checked]:
    """Compares each product with its movements and with what orders hold and bought of it."""
    held: dict[str, int] = {}
    committed: dict[str, int] = {}
    broken = []
    async for key, status, items in paged(source, _claims):
        pieces = held if status == HELD else committed
        try:
            for product, count in _claimed.decode(items).items():
                pieces[product] = pieces.get(product, 0) + count
        except msgspec.MsgspecError:
            broken.append(Broken(key, "its claim on stock cannot be read"))
    moved = {product: int(delta) for product, delta in await source.rows(_moved)}
    products = await source.rows(_products)
    for product, on_hand, is_held, is_committed in products:
        counts = {
            "on hand": (on_hand, moved.pop(product, 0)),
            "held": (is_held, held.pop(product, 0)),
            "committed": (is_committed, committed.pop(product, 0)),
        }
        broken += [
            Broken(product, f"{name} {says}, counted {counted}")
            for name, (says, counted) in counts.items()
            if says != counted
        ]
        if min(is_held, is_committed, on_hand - is_held - is_committed) < 0:
            broken.append(Broken(product, f"{on_hand - is_held - is_committed} available"))
    left = {name for counts in (moved, held, committed) for name, pieces in counts.items() if pieces}
    broken += [Broken(name, "moved, held or sold, and there is no such product") for name in sorted(left)]
    return [Checked("stock", broken, len(products), "products")]


CHECKS = Checks(invariants=(stock,), replies=(PRODUCTS, MOVEMENTS))
