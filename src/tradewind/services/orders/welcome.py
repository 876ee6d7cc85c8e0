"""Makes the first order of a new user, where the policy `welcome` says so: one piece of the welcome product,
for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ...contracts.orders import Line, OrderCreated
from ...contracts.users import UserRegistered
from ...contracts.values import Money
from ...core.clock import derived
from ...core.model import Context, Effects, SetTimer
from .domain import PENDING, Order, PaymentDue

PRODUCT = "welcome-product"


def order_of(heard: UserRegistered) -> str:
    """Its id follows from the user's, so that a user who is told of twice gets one order."""
    return derived(heard.user_id, "welcome-order")


def welcoming(
    deadline_ms: int, currency: str
) -> Callable[[UserRegistered, Context, Order | None], Effects[None]]:
    """The handler; there is nothing to pay, and yet a payment that never comes ends the order after
    `deadline_ms`, unless that is 0.
    """
    nothing = Money(0, currency)
    lines = (Line(PRODUCT, "", "", 1, nothing, nothing),)

    def welcome(heard: UserRegistered, context: Context, order: Order | None) -> Effects[None]:
        if order is not None:
            return
        expires_at = context.at + deadline_ms if deadline_ms else 0
        order = Order(
            id=order_of(heard),
            status=PENDING,
            payment_status="none",
            customer_id=heard.user_id,
            items=lines,
            total=0,
            currency=currency,
            failure=None,
            token="",
            expires_at=expires_at,
            version=1,
            created_at=context.at,
            updated_at=context.at,
            number=context.number,
        )
        yield order
        yield OrderCreated(order.id, order.customer_id, lines, nothing, expires_at)
        if expires_at:
            yield SetTimer(expires_at, PaymentDue(order.id))

    return welcome
