"""Checks that an order exists because it was placed, still exists, and got its status by allowed
transitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from ...contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentRequested,
    RefundRequested,
)
from ...core.model import wire_name
from ...engine.tables import framework_tables
from ...services.orders.domain import CANCELLED, CONFIRMED, FAILED, PENDING
from .findings import Broken
from .rows import Rows, Said
from .stories import Story

CREATED, PAY, REFUND = wire_name(OrderCreated), wire_name(PaymentRequested), wire_name(RefundRequested)
ENDS = {
    wire_name(OrderConfirmed): CONFIRMED,
    wire_name(OrderFailed): FAILED,
    wire_name(OrderCancelled): CANCELLED,
}
# the statuses in which an event may be published
FROM = {
    PAY: (PENDING,),
    REFUND: (FAILED, CANCELLED),
    wire_name(OrderConfirmed): (PENDING,),
    wire_name(OrderFailed): (PENDING,),
    wire_name(OrderCancelled): (PENDING, CONFIRMED),
}
ONCE = {CREATED, PAY, REFUND}

_log = framework_tables("orders").log.c
_oldest = sa.select(_log.seq, _log.at).order_by(_log.seq).limit(1)


async def remembered_since(source: Rows) -> int:
    """Orders placed before this time may have lost their first events to retention; 0: none has."""
    oldest = await source.rows(_oldest)
    return oldest[0][1] if oldest and oldest[0][0] > 1 else 0


def kept(story: Story) -> Iterator[Broken]:
    """An order that was spoken of is there."""
    if story.order is None and story.said:
        yield story.broken(f"{story.said[0].name} was said, and it is not there")


def real(story: Story, since: int) -> Iterator[Broken]:
    """Every order was placed, and no rows exist for one that was not."""
    order = story.order
    if order is None:
        if story.hold or story.payments or story.invoices or story.told or story.due:
            yield story.broken("others keep something for it, and it is not there")
    elif order.created_at > since and not any([event.name == CREATED for event in story.said]):
        yield story.broken("nobody said that it was placed")


def legal(story: Story) -> Iterator[Broken]:
    """The events of an order, in order, lead to its present status by allowed transitions, and match its
    version.
    """
    order = story.order
    if order is None or not story.said:
        return
    events = sorted(story.said, key=lambda event: event.seq)
    names = [event.name for event in events]
    for name in ONCE:
        if names.count(name) > 1:
            yield story.broken(f"{name} was said {names.count(name)} times")
    status = ""  # not known where the first events are forgotten
    for event in events:
        status, fault = _step(status, event)
        if fault:
            yield story.broken(fault)
            return
    if status not in ("", order.status):
        yield story.broken(f"is {order.status}, and its events lead to {status}")
    elif names[0] == CREATED and order.version not in _versions(names, order.payment_status):
        yield story.broken(
            f"is version {order.version}, and its events lead to "
            f"{max(_versions(names, order.payment_status))}"
        )


def _step(status: str, event: Said) -> tuple[str, str]:
    if event.name == CREATED:
        return PENDING, f"{CREATED} was said when it was {status}" if status else ""
    if event.name not in FROM:
        return status, f"{event.name} is no event of an order"
    if status and status not in FROM[event.name]:
        return status, f"{event.name} was said when it was {status}"
    if not status and len(FROM[event.name]) == 1:
        status = FROM[event.name][0]
    return ENDS.get(event.name, status), ""


def _versions(names: Iterable[str], payment_status: str) -> range:
    """One for being placed, one for each final status, one for a late payment, and one or two for refunds,
    which payments publishes.
    """
    least = (
        1
        + sum([name in ENDS or name == REFUND for name in names])
        + (payment_status in ("partially_refunded", "refunded"))
    )
    return range(least, least + 1 + (payment_status == "refunded"))
