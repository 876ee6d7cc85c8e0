"""Answers how many points somebody has: to that customer and to admins. To others there is no such
account.
"""

from __future__ import annotations

from tradewind.service import Caller, Reader, Refused, stamp

from .contracts import GetPoints, PointsView
from .storage import ACCOUNTS


async def get_points(reader: Reader, query: GetPoints, caller: Caller) -> PointsView:
    if not caller.may_see(query.customer_id):
        raise Refused("not_found", 404)
    account = await reader.get(ACCOUNTS, query.customer_id)
    if account is None:
        return PointsView(query.customer_id, 0, None)
    return PointsView(account.id, account.points, stamp(account.updated_at))
