"""The table of contents of notifications: its subscriptions, and the notification that each makes."""

from __future__ import annotations

from pathlib import Path

from ...contracts.notifications import ListNotifications, NotificationsOfOrders
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...core.manifest import Manifest
from ...core.model import Service, answers, on
from . import domain, queries
from .storage import MD, NOTIFICATIONS
from .texts import DEFAULT as ENGLISH

TOLD = NOTIFICATIONS.maybe_at(domain.notice)


def notifications(*, policies: Policies = DEFAULT, texts: str = ENGLISH) -> Service:
    """Notifies of whatever happens to an order."""
    telling = domain.Telling(texts)
    return Service("notifications", keeps=[NOTIFICATIONS], does=wired("notifications", policies, [
        on(OrderCreated,    telling.receive, TOLD),
        on(OrderConfirmed,  telling.confirm, TOLD),
        on(OrderFailed,     telling.fail,    TOLD),
        on(OrderCancelled,  telling.cancel,  TOLD),
        on(PaymentRefunded, telling.refund,  TOLD),
        answers(ListNotifications, queries.list_notifications),
        answers(NotificationsOfOrders, queries.of_orders),
    ]))  # fmt: skip


SERVICE = notifications()
MANIFEST = Manifest(
    name="notifications",
    make=lambda given: notifications(
        policies=given.policies, texts=given.settings.get("notification_texts", ENGLISH)
    ),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    documents=True,
)
