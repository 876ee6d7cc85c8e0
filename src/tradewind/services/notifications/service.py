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

TOLD = NOTIFICATIONS.maybe_at(domain.notice)


def notifications(*, policies: Policies = DEFAULT) -> Service:
    """Notifies of whatever happens to an order."""
    return Service("notifications", keeps=[NOTIFICATIONS], does=wired("notifications", policies, [
        on(OrderCreated,    domain.receive, TOLD),
        on(OrderConfirmed,  domain.confirm, TOLD),
        on(OrderFailed,     domain.fail,    TOLD),
        on(OrderCancelled,  domain.cancel,  TOLD),
        on(PaymentRefunded, domain.refund,  TOLD),
        answers(ListNotifications, queries.list_notifications),
        answers(NotificationsOfOrders, queries.of_orders),
    ]))  # fmt: skip


SERVICE = notifications()
MANIFEST = Manifest(
    name="notifications",
    make=lambda given: notifications(policies=given.policies),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
)
