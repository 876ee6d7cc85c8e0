"""Checks payments that were only recorded, as the API rpc does: no charge was made, so the provider may have
no entry for them.
"""

from __future__ import annotations

import sqlalchemy as sa

from ...services.payments.domain import REFUNDED
from ...services.payments.storage import PAYMENTS
from .findings import Broken
from .rows import Rows

_row = PAYMENTS.rows.c
NOTED = _row.provider == ""
_count = sa.select(sa.func.count()).select_from(PAYMENTS.rows).where(NOTED)
# one of another system may have been refunded there
_moved = sa.or_(
    _row.charge_id != "", _row.refunding != 0, sa.and_(_row.refunded != 0, _row.status != REFUNDED)
)
_charged = sa.select(_row.id, _row.order_id).where(NOTED, _moved).order_by(_row.id).limit(1_000)


async def recorded(source: Rows) -> tuple[list[Broken], int]:
    """Recorded payments that were charged or refunded after all; of how many."""
    found = [
        Broken(key, f"only written down (order {order}), and money moved for it")
        for key, order in await source.rows(_charged)
    ]
    count = await source.rows(_count)
    return found, count[0][0] if count else 0
