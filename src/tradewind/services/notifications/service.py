"""The table of contents of notifications: its subscriptions, and the notification that each makes."""

from __future__ import annotations

from pathlib import Path

from ...contracts import reactions as wiring
from ...contracts.notifications import ListNotifications
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...core.manifest import Manifest
from ...core.model import Service, answers, on
from . import domain, queries
from .storage import MD, NOTIFICATIONS

TOLD = NOTIFICATIONS.maybe_at(domain.notice)


def notifications(*, reactions: frozenset[str] = wiring.ALL) -> Service:
    """Without the reaction `notification` no customer is notified."""
    return Service("notifications", keeps=[NOTIFICATIONS], does=wiring.wired("notifications", reactions, does=[
        on(OrderCreated,    domain.receive, TOLD),
        on(OrderConfirmed,  domain.confirm, TOLD),
        on(OrderFailed,     domain.fail,    TOLD),
        on(OrderCancelled,  domain.cancel,  TOLD),
        on(PaymentRefunded, domain.refund,  TOLD),
        answers(ListNotifications, queries.list_notifications),
    ]))  # fmt: skip


SERVICE = notifications()
MANIFEST = Manifest(
    name="notifications",
    make=lambda given: notifications(reactions=frozenset(given.settings["reactions"])),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
)
