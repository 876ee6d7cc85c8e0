"""Checks that an order which came to its end left everywhere what belongs to that end, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ...contracts.orders import OrderConfirmed, OrderCreated
from ...core.model import wire_name
from ...services.inventory.domain import COMMITTED, EXPIRED, RELEASED
from ...services.orders.domain import CANCELLED, CONFIRMED, FAILED
from .findings import Broken
from .money import PAID, left
from .rows import OrderRow
from .stories import Story
from .wiring import Wiring

RECEIVED, ACCEPTED, REFUNDED = "order_received", "order_confirmed", "payment_refunded"
TOLD = {CONFIRMED: ACCEPTED, FAILED: "order_failed", CANCELLED: "order_cancelled"}


class Piece(msgspec.Struct, rename="camel"):
    """The part of an order line that inventory stores."""

    product_id: str
    quantity: int


_pieces = msgspec.json.Decoder(tuple[Piece, ...])
_claimed = msgspec.json.Decoder(dict[str, int])


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
    heard = [notice.template for notice in story.told]
    wanted = [
        RECEIVED,
        TOLD[order.status],
        *[REFUNDED for refund in story.refunds if refund.status == "SUCCEEDED"],
    ]
    if order.status == CANCELLED:
        said = [event.name for event in story.said]
        confirmed = (
            wire_name(OrderConfirmed) in said if wire_name(OrderCreated) in said else ACCEPTED in heard
        )
        wanted += [ACCEPTED] * confirmed
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
