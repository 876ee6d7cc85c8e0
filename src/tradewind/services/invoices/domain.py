"""Decides which invoice and credit notes an order has: the same ones from the same events, in any order and
however often they arrive.

Orders and payments have two logs, and a dead letter may be replayed late. So an invoice also stores what it
cannot act on yet: a confirmation that arrives before the order, and refunds of money that is not invoiced
yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from ...contracts.invoices import CreditNoteIssued, InvoiceIssued
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...contracts.policies import Policies
from ...core.model import Context, Effects, Event, Refused
from .invoice import CreditNote, Invoice, Owed, invoice_id, invoice_seal, note_id, note_seal
from .series import CREDIT_NOTES, INVOICES, Numbering, Series, numberings

Heard = OrderCreated | OrderConfirmed | OrderFailed | OrderCancelled | PaymentRefunded


def paper(heard: Event) -> str:
    return invoice_id(heard.key)


def note(heard: PaymentRefunded) -> str:
    return note_id(heard.refund_id)


def both(heard: Event) -> Iterable[str]:
    return (INVOICES, CREDIT_NOTES)


def both_if_confirmed(invoice: Invoice | None) -> Iterable[str]:
    return (INVOICES, CREDIT_NOTES) if invoice is not None and invoice.status == "CONFIRMED" else ()


def credit_notes(heard: PaymentRefunded) -> Iterable[str]:
    return (CREDIT_NOTES,)


def _of(heard: Heard, context: Context, invoice: Invoice | None) -> Invoice:
    return invoice or Invoice(
        invoice_id(heard.order_id), heard.order_id, heard.customer_id, "DRAFT", created_at=context.at
    )


def _differs(invoice: Invoice, heard: OrderCreated) -> bool:
    """Where others write the event too, the same id may come with another order: the first one stands."""
    known = (invoice.total, invoice.currency, invoice.customer_id)
    return known != (heard.total.amount, heard.total.currency, heard.customer_id)


class Invoicing:
    """The handlers, under the policies of a shop: `invoice` confirmed issues the invoice of an order that is
    confirmed, created that of any order.
    """

    def __init__(self, policies: Policies) -> None:
        self.at_once = policies.invoice == "created"
        self.numberings = numberings(policies)

    def draft(
        self, heard: OrderCreated, context: Context, invoice: Invoice | None, series: Mapping[str, Series]
    ) -> Effects[None]:
        if invoice is not None and invoice.lines:
            if _differs(invoice, heard):
                raise Refused("conflict", says="The order has an invoice of another amount or customer.")
            return
        invoice = replace(
            _of(heard, context, invoice),
            lines=heard.lines,
            total=heard.total.amount,
            currency=heard.total.currency,
        )
        if invoice.status == "CONFIRMED":
            yield from self._issue(invoice, "PAID", context, series)
        elif self.at_once and invoice.status == "DRAFT":
            yield from self._issue(invoice, "ISSUED", context, series)
        else:
            yield invoice

    def confirm(
        self, heard: OrderConfirmed, context: Context, invoice: Invoice | None, series: Mapping[str, Series]
    ) -> Effects[None]:
        """Also from VOID: an order that was cancelled and confirmed was confirmed first."""
        invoice = _of(heard, context, invoice)
        if invoice.status in ("PAID", "CONFIRMED"):
            return
        if invoice.number:
            yield replace(invoice, status="PAID", waiting=())
            if invoice.waiting:
                yield from self._credit(invoice, context, invoice.waiting, series)
        elif invoice.lines:
            yield from self._issue(invoice, "PAID", context, series)
        else:
            yield replace(invoice, status="CONFIRMED")

    def void(
        self, heard: OrderFailed | OrderCancelled, context: Context, invoice: Invoice | None
    ) -> Effects[None]:
        """Leaves PAID as it is: the money's way back brings the credit note. A number that was given stays
        with its invoice.
        """
        invoice = _of(heard, context, invoice)
        if invoice.status in ("DRAFT", "ISSUED"):
            yield replace(invoice, status="VOID")

    def credit(
        self,
        heard: PaymentRefunded,
        context: Context,
        invoice: Invoice | None,
        note: CreditNote | None,
        series: Mapping[str, Series],
    ) -> Effects[None]:
        """Money that was taken after its order had failed goes back without a paper: that order's invoice
        stays VOID.
        """
        invoice, owed = _of(heard, context, invoice), Owed(heard.refund_id, heard.amount, heard.reason)
        if note is not None or any(other.refund_id == owed.refund_id for other in invoice.waiting):
            return
        if invoice.status == "PAID":
            yield from self._credit(invoice, context, (owed,), series)
        else:
            yield replace(invoice, waiting=(*invoice.waiting, owed))

    def _series(self, name: str, context: Context, series: Mapping[str, Series]) -> tuple[Series, Numbering]:
        """The series as it is now."""
        numbering = self.numberings[name]
        return (series.get(name) or Series(name)).on(context, numbering), numbering

    def _issue(
        self,
        invoice: Invoice,
        status: Literal["ISSUED", "PAID"],
        context: Context,
        series: Mapping[str, Series],
    ) -> Effects[None]:
        book, numbering = self._series(INVOICES, context, series)
        owed = invoice.waiting if status == "PAID" else ()
        invoice = replace(
            invoice,
            status=status,
            number=numbering.text(book.year, book.next),
            issued_at=context.at,
            previous_hash=book.last_hash,
            waiting=() if status == "PAID" else invoice.waiting,
        )
        sealed = invoice_seal(invoice)
        invoice = replace(invoice, hash=sealed)
        yield invoice
        yield book.after(sealed)
        yield InvoiceIssued(invoice.order_id, invoice.id, invoice.number or "")
        if owed:
            yield from self._credit(invoice, context, owed, series)

    def _credit(
        self, invoice: Invoice, context: Context, refunds: tuple[Owed, ...], series: Mapping[str, Series]
    ) -> Effects[None]:
        book, numbering = self._series(CREDIT_NOTES, context, series)
        for owed in refunds:
            note = CreditNote(
                note_id(owed.refund_id),
                invoice.id,
                invoice.order_id,
                invoice.customer_id,
                numbering.text(book.year, book.next),
                invoice.number or "",
                owed.amount.amount,
                owed.amount.currency,
                owed.reason,
                context.at,
                book.last_hash,
            )
            note = replace(note, hash=note_seal(note))
            book = book.after(note.hash)
            yield note
            yield CreditNoteIssued(note.order_id, invoice.id, note.number, owed.amount)
        yield book
