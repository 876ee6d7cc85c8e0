"""What becomes of a payment that comes over from another system."""

from __future__ import annotations

from ...contracts.adopted import AdoptedPayment
from ...contracts.payments import PaymentView
from ...core.adopting import Adoption, Adoptions
from ...core.model import NOBODY, Aggregate
from .domain import REFUNDED, Payment, view
from .storage import PAYMENTS


def payment(record: AdoptedPayment, now: int) -> tuple[list[Aggregate], PaymentView]:
    made = Payment(
        record.id,
        record.order_id,
        NOBODY.id,
        record.amount.amount,
        record.amount.currency,
        record.amount.amount if record.status == REFUNDED else 0,
        0,
        record.status,
        "",
        "",
        "",
        0,
        record.created_at,
        record.updated_at,
        record.idempotency_key,
    )
    return [made], view(made)


ADOPTS: Adoptions = {AdoptedPayment: Adoption((PAYMENTS,), payment)}
