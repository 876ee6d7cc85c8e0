"""Records payments that another system takes, and lists all payments of an order. Apart from the domain,
which charges.
"""

from __future__ import annotations

from ...contracts.payments import RecordedPayment, RecordPayment
from ...contracts.values import Money, stamp
from ...core.model import Context, Effects
from .domain import COMPLETED, FAILED, PARTIALLY_REFUNDED, PENDING, VOIDED, Payment

# a payment that is only recorded has four statuses
SHOWN = {VOIDED: FAILED, PARTIALLY_REFUNDED: COMPLETED}


def view(p: Payment) -> RecordedPayment:
    return RecordedPayment(
        p.id,
        p.order_id,
        Money(p.amount, p.currency),
        SHOWN.get(p.status, p.status),  # type: ignore[arg-type]
        p.idempotency_key,
        stamp(p.created_at),
        stamp(p.updated_at),
    )


def record(ask: RecordPayment, context: Context) -> Effects[RecordedPayment]:
    payment = Payment(
        context.new_id,
        ask.order_id,
        context.caller.id,
        ask.amount.amount,
        ask.amount.currency,
        0,
        0,
        PENDING,
        "",
        "",
        "",
        0,
        context.at,
        context.at,
        ask.idempotency_key or None,
    )
    yield payment
    return view(payment)
