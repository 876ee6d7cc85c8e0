"""Makes the first order of a new user, where the policy `welcome` says so: one piece of the welcome product,
for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ...contracts.orders import Line
from ...contracts.users import UserRegistered
from ...contracts.values import Money
from ...core.clock import derived
from ...core.model import Context, Effects
from .domain import Order, opened

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
        if order is None:
            yield from opened(context, order_of(heard), heard.user_id, lines, nothing, deadline_ms, "")

    return welcome
