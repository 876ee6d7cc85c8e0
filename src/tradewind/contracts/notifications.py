"""The messages of notifications: queries only, since it informs customers and publishes no event."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ..core.model import Query
from .operation import Operation, Who
from .users import Limit
from .values import Page, Reference, ReferenceOrAny, Stamp, UuidOrAny, View

Template = Literal["order_received", "order_confirmed", "order_failed", "order_cancelled", "payment_refunded"]


class NotificationView(View, frozen=True):
    id: str
    order_id: str
    template: Template
    channel: Literal["inbox"]
    locale: str
    subject: str
    body: str
    status: Literal["SENT"]
    created_at: Stamp


class ListNotifications(Query, frozen=True, tag="notifications.list"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: ReferenceOrAny = ""
    limit: Limit = 20
    cursor: str = ""


MOST_ORDERS = 100
"""How many orders are asked about at once."""


class OrderNotification(View, frozen=True):
    """What a customer was told about an order. `created_at` is empty where a record of others has no time."""

    id: str
    order_id: str
    customer_id: str
    body: str
    status: str
    created_at: Stamp | Literal[""]


class NotificationsOfOrders(Query, frozen=True, tag="notifications.of_orders"):
    """All notifications of these orders, the oldest first, in one question. Whoever asks has seen to it that
    its caller may know.
    """

    order_ids: Annotated[tuple[Reference, ...], Meta(max_length=MOST_ORDERS)]


OPERATIONS = (
    Operation(
        "notifications.list",
        "GET",
        "/api/v1/notifications",
        ListNotifications,
        Page[NotificationView],
        Who.OWNER,
        "What the customer was told, newest first",
        paged=True,
        narrows={"order_id": UuidOrAny},
    ),
)
