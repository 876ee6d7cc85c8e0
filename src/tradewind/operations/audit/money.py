"""Checks that money moved once, and that the provider, payments and orders agree how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from ...contracts.orders import Line
from ...services.invoices.money import show
from ...services.orders.domain import CONFIRMED
from ...services.payments.domain import COMPLETED, PARTIALLY_REFUNDED, REFUNDED
from ...services.payments.provider.ledger import LedgerEntry
from .findings import Broken
from .rows import OrderRow, PaymentRow
from .stories import Story

PAID = (COMPLETED, PARTIALLY_REFUNDED, REFUNDED)
SHOWN_AS = {COMPLETED: "paid", PARTIALLY_REFUNDED: "partially_refunded", REFUNDED: "refunded"}
_lines = msgspec.json.Decoder(tuple[Line, ...])


class Money:
    """The amounts taken and not refunded, by currency: of the provider, and of payments."""

    def __init__(self) -> None:
        self.provider: Counter[str] = Counter()
        self.payments: Counter[str] = Counter()

    def count(self, story: Story) -> None:
        for payment in story.payments:
            entry = story.charges.get(payment.id)
            self.provider[payment.currency] += entry.taken - entry.refunded if entry else 0
            self.payments[payment.currency] += left(payment)

    def differences(self) -> list[Broken]:
        sums = sorted(self.provider.keys() | self.payments.keys())
        return [
            Broken(c, f"the provider has {self.provider[c]}, payments {self.payments[c]}")
            for c in sums
            if self.provider[c] != self.payments[c]
        ]

    def note(self) -> str:
        return ", ".join(
            [show(amount, currency) for currency, amount in sorted(self.payments.items()) if amount]
        )


def left(payment: PaymentRow) -> int:
    """What we have of a payment."""
    return payment.amount - payment.refunded if payment.status in PAID else 0


def moved_once(story: Story) -> Iterator[Broken]:
    """True at every time."""
    for entry in story.charges.values():
        if entry.charges > 1:
            yield story.broken(f"charged {entry.charges} times")
        if entry.refunded > entry.taken:
            yield story.broken(f"{entry.refunded} of {entry.taken} was given back")
    if story.order is not None and (fault := _priced(story.order)):
        yield story.broken(fault)


def _priced(order: OrderRow) -> str:
    try:
        lines = _lines.decode(order.items)
    except msgspec.MsgspecError:
        return "its lines cannot be read"
    if any([line.line_total.amount != line.unit_price.amount * line.quantity for line in lines]):
        return "a line is not price times quantity"
    if not any([line.sku for line in lines]):
        return ""  # priced by the caller, who also gives the total
    return (
        ""
        if sum([line.line_total.amount for line in lines]) == order.total
        else "its lines do not come to its total"
    )


def agreed(story: Story) -> Iterator[Broken]:
    """Holds once nothing is on its way."""
    order = story.order
    if order is None:
        return
    for payment in story.payments:
        for fault in (
            *_ours(payment, order),
            *_theirs(payment, story.charges.get(payment.id)),
            *_given_back(payment, story),
        ):
            yield story.broken(fault)
    paid = [payment for payment in story.payments if payment.status in PAID]
    if order.status == CONFIRMED and not paid:
        yield story.broken("confirmed and not paid")
    shown = SHOWN_AS[paid[0].status] if paid else "none"
    if order.payment_status != shown:
        yield story.broken(f"says {order.payment_status}, and its payment {shown}")


def _ours(payment: PaymentRow, order: OrderRow) -> Iterator[str]:
    if (payment.amount, payment.currency) != (order.total, order.currency):
        yield (
            f"its payment is {payment.amount} {payment.currency} and its total {order.total} {order.currency}"
        )
    fits = {
        COMPLETED: payment.refunded == 0,
        PARTIALLY_REFUNDED: 0 < payment.refunded < payment.amount,
        REFUNDED: payment.refunded == payment.amount,
    }
    if not fits.get(payment.status, payment.refunded == 0):
        yield f"its payment is {payment.status} with {payment.refunded} of {payment.amount} given back"
    if payment.status == "PENDING":
        yield "its payment is PENDING, and nobody asks the provider"


def _theirs(payment: PaymentRow, entry: LedgerEntry | None) -> Iterator[str]:
    if entry is None or not entry.charges:
        if payment.status in PAID and payment.amount:
            yield f"its payment is {payment.status}, and the provider has charged nothing"
        return
    if payment.status not in PAID:
        yield f"its payment is {payment.status}, and the provider has charged it"
    if (entry.amount, entry.currency) != (
        payment.amount,
        payment.currency,
    ) or entry.taken != entry.amount * entry.charges:
        yield f"the provider took {entry.taken} {entry.currency} for {payment.amount} {payment.currency}"
    if entry.refunded != payment.refunded:
        yield f"the provider gave {entry.refunded} back, payments says {payment.refunded}"


def _given_back(payment: PaymentRow, story: Story) -> Iterator[str]:
    refunds = [refund for refund in story.refunds if refund.payment_id == payment.id]
    done = sum([refund.amount for refund in refunds if refund.status == "SUCCEEDED"])
    if done != payment.refunded:
        yield f"its refunds come to {done}, its payment says {payment.refunded}"
    if payment.refunding or any([refund.status == "PENDING" for refund in refunds]):
        yield "a refund is on its way, and nobody carries it"
