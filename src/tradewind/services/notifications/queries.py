"""Lists notifications, for their customer and for admins."""

from __future__ import annotations

from ...contracts.notifications import ListNotifications, NotificationView
from ...contracts.values import Page
from ...core import paging
from ...core.model import Caller
from ...core.store import Reader
from . import storage
from .domain import course, view


async def list_notifications(
    reader: Reader, query: ListNotifications, caller: Caller
) -> Page[NotificationView]:
    at, before = paging.below_time(query.cursor)
    values = {"at": at, "before": before, "n": query.limit + 1}
    if query.order_id:
        values |= {"order": query.order_id, **storage.ids_of(query.order_id)}
        found = await reader.find(storage.NOTIFICATIONS, storage.OF_ORDER, values)
        found = [told for told in found if caller.may_see(told.customer_id)]
    elif caller.role == "admin":
        found = await reader.find(storage.NOTIFICATIONS, storage.NEWEST, values)
    else:
        found = await reader.find(storage.NOTIFICATIONS, storage.NEWEST_OF, {**values, "customer": caller.id})
    shown, more = paging.page(found, query.limit, lambda told: paging.at_time(told.created_at, told.id))
    return Page([view(told) for told in sorted(shown, key=course, reverse=True)], more)
