"""Lists notifications: for their customer and for admins, and those of several orders."""

from __future__ import annotations

from itertools import cycle

from ...contracts.notifications import (
    ListNotifications,
    NotificationsOfOrders,
    NotificationView,
    OrderNotification,
)
from ...contracts.values import Page, stamp
from ...core.model import Caller
from ...core.paging import Listing
from ...core.store import Reader
from . import storage
from .domain import course, view


async def list_notifications(
    reader: Reader, query: ListNotifications, caller: Caller
) -> Page[NotificationView]:
    everybodys = bool(query.order_id) or caller.role == "admin"
    listing = Listing("notifications", query.order_id, "" if everybodys else caller.id)
    values = {**listing.below(query.cursor), "n": query.limit + 1}
    if query.order_id:
        found = await reader.find(
            storage.NOTIFICATIONS, storage.OF_ORDER, {**values, "order": query.order_id}
        )
        found = [told for told in found if caller.may_see(told.customer_id)]
    elif everybodys:
        found = await reader.find(storage.NOTIFICATIONS, storage.NEWEST, values)
    else:
        found = await reader.find(storage.NOTIFICATIONS, storage.NEWEST_OF, {**values, "customer": caller.id})
    shown, more = listing.page(found, query.limit, lambda told: (told.created_at, told.id))
    return Page([view(told) for told in sorted(shown, key=course, reverse=True)], more)


async def of_orders(reader: Reader, query: NotificationsOfOrders, caller: Caller) -> list[OrderNotification]:
    if not query.order_ids:
        return []
    asked = dict(zip(storage.PLACES, cycle(query.order_ids), strict=False))
    return [
        OrderNotification(
            told.id,
            told.order_id,
            told.customer_id,
            told.body,
            told.status,
            stamp(told.created_at) if told.created_at else "",
        )
        for told in await reader.find(storage.NOTIFICATIONS, storage.OF_ORDERS, asked)
    ]
