"""Checks that the services agree about an order: that money moved once and by how much, and that an order
which came to its end left everywhere what belongs to that end, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from ...core.checks import Broken
from ...services.inventory.domain import COMMITTED, EXPIRED, RELEASED
from ...services.invoices.money import show
from ...services.orders.domain import CANCELLED, CONFIRMED, FAILED
from ...services.payments.domain import COMPLETED, PARTIALLY_REFUNDED, REFUNDED
from ...services.payments.provider.ledger import LedgerEntry
from .stories import OrderRow, PaymentRow, Story
from .wiring import Wiring

PAID = (COMPLETED, PARTIALLY_REFUNDED, REFUNDED)
SHOWN_AS = {COMPLETED: "paid", PARTIALLY_REFUNDED: "partially_refunded", REFUNDED: "refunded"}
RECEIVED, ACCEPTED, GIVEN_BACK = "order_received", "order_confirmed", "payment_refunded"
TOLD = {CONFIRMED: ACCEPTED, FAILED: "order_failed", CANCELLED: "order_cancelled"}


class Piece(msgspec.Struct, rename="camel"):
    """The part of an order line that inventory stores."""

    product_id: str
    quantity: int


_pieces = msgspec.json.Decoder(tuple[Piece, ...])
_claimed = msgspec.json.Decoder(dict[str, int])


def real(story: Story, wiring: Wiring) -> Iterator[Broken]:
    """No rows exist for an order that does not, but for what was adopted before it, and for the payments of
    orders of others.
    """
    held = story.hold is not None and story.hold.adopted_at is None
    paid = story.payments and not wiring.orders_of_others
    if story.order is None and (held or paid or story.invoices or story.notices or story.due):
        yield story.broken("others keep something for it, and it is not there")


def whole(story: Story, wiring: Wiring) -> Iterator[Broken]:
    """A confirmed order has one payment, one invoice, its stock, and one notification of each kind: as far as
    these are wired.
    """
    order = story.order
    if order is None or order.status != CONFIRMED:
        return
    statuses = [payment.status for payment in story.payments]
    if len(statuses) != 1 or statuses[0] not in PAID:
        yield story.broken(f"payments: {_listed(statuses)}")
    papers = [invoice.status for invoice in story.invoices]
    if papers != ["PAID"]:
        if wiring.invoices:
            yield story.broken(f"invoices: {_listed(papers)}")
    elif (story.invoices[0].total, story.invoices[0].currency) != (order.total, order.currency):
        yield story.broken(f"its invoice is {story.invoices[0].total} {story.invoices[0].currency}")
    if any([owner != order.customer_id for owner in _owners(story)]):
        yield story.broken("its payment or invoice is another customer's")
    if not wiring.holds_stock:
        if story.hold is not None:
            yield story.broken(f"its stock is {story.hold.status}, which this shop never holds")
    elif story.hold is None or story.hold.status != COMMITTED:
        yield story.broken(f"its stock is {story.hold.status if story.hold else 'not held'}")
    elif not _same(order, story.hold.items):
        yield story.broken("its stock is not what it ordered")
    if wiring.notifies:
        yield from _told(story, order)


def invoiced(story: Story, wiring: Wiring) -> Iterator[Broken]:
    """An order that nobody is to pay has its end with its invoice, where every order gets one."""
    order = story.order
    if order is None or not wiring.invoices_at_once:
        return
    papers = [(paper.total, paper.currency, paper.customer_id) for paper in story.invoices]
    if papers != [(order.total, order.currency, order.customer_id)]:
        yield story.broken(f"invoices: {_listed([f'{total} {currency}' for total, currency, _ in papers])}")


def clean(story: Story, wiring: Wiring) -> Iterator[Broken]:
    """A failed or cancelled order holds no stock and no money, and no invoice is open."""
    order = story.order
    if order is None or order.status not in (FAILED, CANCELLED):
        return
    if story.hold is not None and story.hold.status not in (RELEASED, EXPIRED):
        yield story.broken(f"its stock is {story.hold.status}")
    if money := sum([left(payment) for payment in story.payments]):
        yield story.broken(f"{money} of its money was not given back")
    for invoice in story.invoices:
        credited = sum([note.amount for note in story.notes if note.invoice_id == invoice.id])
        if invoice.status == "PAID" and credited != invoice.total:
            yield story.broken(f"{credited} of its invoice of {invoice.total} is credited")
        elif invoice.status not in ("PAID", "VOID"):
            yield story.broken(f"its invoice is {invoice.status}")
    if wiring.notifies:
        yield from _told(story, order)


def _told(story: Story, order: OrderRow) -> Iterator[Broken]:
    """Once each, and once for every refund. An order that is cancelled may have been confirmed before, as far
    as the log remembers.
    """
    heard = [notice.template for notice in story.notices]
    wanted = [
        RECEIVED,
        TOLD[order.status],
        *[GIVEN_BACK for refund in story.refunds if refund.status == "SUCCEEDED"],
    ]
    if order.status == CANCELLED:
        wanted += [ACCEPTED] * (ACCEPTED in heard if story.confirmed is None else story.confirmed)
    if sorted(heard) != sorted(wanted):
        for template in sorted({*heard, *wanted}):
            if heard.count(template) != wanted.count(template):
                yield story.broken(f"{template} was told {heard.count(template)} times")


def _owners(story: Story) -> list[str]:
    return [payment.customer_id for payment in story.payments] + [
        invoice.customer_id for invoice in story.invoices
    ]


def _same(order: OrderRow, claimed: str) -> bool:
    wanted: dict[str, int] = {}
    try:
        for piece in _pieces.decode(order.items):
            product = piece.product_id.lower()  # as inventory stores it, and an order shows what it was given
            wanted[product] = wanted.get(product, 0) + piece.quantity
        return wanted == _claimed.decode(claimed)
    except msgspec.MsgspecError:
        return False


def _listed(statuses: Sequence[str]) -> str:
    return ", ".join(statuses) or "none"


class Others:
    """What we have to do with other programs: their orders that are paid here, ours that they were paid for.
    Neither is a fault; the provider must have charged for the first what we say.
    """

    def __init__(self) -> None:
        self.orders = self.paid = 0

    def count(self, story: Story, wiring: Wiring, before: float) -> Iterator[Broken]:
        """`before`: what changed later (ms) is under way."""
        if story.order is None and wiring.orders_of_others:
            self.orders += len(story.payments)
            for payment in story.payments:
                if payment.status != "PENDING" and payment.updated_at < before:
                    for fault in _theirs(payment, story.charges.get(payment.id)):
                        yield story.broken(fault)
        elif elsewhere(story, wiring):
            self.paid += 1

    def note(self) -> str:
        orders = f"{self.orders:,} payments of orders of others" if self.orders else ""
        paid = f"{self.paid:,} orders paid by others" if self.paid else ""
        return ", ".join([*filter(None, [orders, paid])])


def elsewhere(story: Story, wiring: Wiring) -> bool:
    """Whether another program was paid for an order of ours."""
    confirmed = story.order is not None and story.order.status == CONFIRMED
    return wiring.paid_by_others and confirmed and not story.payments


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
