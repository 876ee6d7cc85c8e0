"""Checks payments that were only recorded: no charge was made, so no money of ours moved for them; and that
one key stands for one payment.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...core.checks import Broken, Checked, Checks, Rows, made_twice
from ...core.schema import shared_keys
from .domain import REFUNDED
from .storage import PAYMENTS, REFUNDS

_row, _refund = PAYMENTS.rows.c, REFUNDS.rows.c
_recorded = _row.provider == ""
_count = sa.select(sa.func.count()).select_from(PAYMENTS.rows).where(_recorded)
# one of another system may have been refunded there
_moved = sa.or_(
    _row.charge_id != "", _row.refunding != 0, sa.and_(_row.refunded != 0, _row.status != REFUNDED)
)
_charged = sa.select(_row.id, _row.order_id).where(_recorded, _moved).order_by(_row.id).limit(1_000)
_charge = sa.exists().where(_row.id == _refund.payment_id, ~_recorded)
_strays = sa.select(_refund.id).where(~_charge).order_by(_refund.id).limit(1_000)
_shared, _under = shared_keys(PAYMENTS.rows)


async def recorded(source: Rows, policies: Any) -> list[Checked]:
    """Recorded payments that were charged or refunded after all, and refunds of what was not charged."""
    broken = [
        Broken(key, f"only written down (order {order}), and money moved for it")
        for key, order in await source.rows(_charged)
    ]
    broken += [Broken(key, "a refund of no payment") for (key,) in await source.rows(_strays)]
    ((count,),) = await source.rows(_count)
    note = f"{count:,} payments only written down" if count else ""
    return [Checked("money", broken, note=note)]


async def keys(source: Rows, policies: Any) -> list[Checked]:
    return [Checked("no phantom", await made_twice(source, "payment", _shared, _under))]


CHECKS = Checks(invariants=(recorded, keys), replies=(PAYMENTS, REFUNDS))
