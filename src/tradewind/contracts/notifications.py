"""The messages of notifications: queries only, since it informs customers and publishes no event."""

from __future__ import annotations

from typing import ClassVar, Literal

from ..core.model import Query
from .operation import Operation, Who
from .users import Limit
from .values import Page, ReferenceOrAny, Stamp, UuidOrAny, View

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
