"""Decides how many points an order is worth: one for each whole unit of money that was paid and not given
back.

A refund and the order's confirmation come from two services, in any order: both are noted on the order, and
the points follow from it.
"""

from __future__ import annotations

from msgspec.structs import replace

from tradewind.contracts.orders import OrderConfirmed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.service import Aggregate, Context, Effects

PER_POINT = 100


class Earned(Aggregate, frozen=True):
    """What one order has brought; its id is the order's."""

    customer_id: str
    paid: int
    refunded: int

    @property
    def points(self) -> int:
        return max(0, self.paid - self.refunded) // PER_POINT


class Account(Aggregate, frozen=True):
    """What a customer has; its id is the customer's."""

    points: int
    updated_at: int


def customer(heard: OrderConfirmed | PaymentRefunded) -> str:
    return heard.customer_id


def earn(
    heard: OrderConfirmed, context: Context, order: Earned | None, account: Account | None
) -> Effects[None]:
    order = order or Earned(heard.order_id, heard.customer_id, 0, 0)
    yield from _count(order, replace(order, paid=heard.total.amount), account, context)


def give_back(
    heard: PaymentRefunded, context: Context, order: Earned | None, account: Account | None
) -> Effects[None]:
    order = order or Earned(heard.order_id, heard.customer_id, 0, 0)
    # the sum of all refunds so far, which only grows
    yield from _count(
        order, replace(order, refunded=max(order.refunded, heard.refunded.amount)), account, context
    )


def _count(before: Earned, after: Earned, account: Account | None, context: Context) -> Effects[None]:
    points = account.points if account is not None else 0
    yield after
    yield Account(after.customer_id, points + after.points - before.points, context.at)
