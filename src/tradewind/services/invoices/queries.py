"""Answers which papers there are, to the customer they were written for and to admins; to others they do not
exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from msgspec import UNSET

from ...contracts.invoices import (
    CreditNoteView,
    GetInvoice,
    GetInvoicePdf,
    InvoiceView,
    ListInvoices,
    Pdf,
    Status,
)
from ...contracts.values import Money, Page, stamp
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import pdf, storage
from .invoice import CreditNote, Invoice, invoice_id


def view(invoice: Invoice, notes: Sequence[CreditNote], with_customer: bool = False) -> InvoiceView:
    issued_at = None if invoice.issued_at is None else stamp(invoice.issued_at)
    own = tuple([_note_view(note) for note in notes if note.invoice_id == invoice.id])
    return InvoiceView(
        invoice.id,
        invoice.number,
        invoice.order_id,
        cast(Status, invoice.status),
        invoice.lines,
        Money(invoice.total, invoice.currency),
        own,
        issued_at,
        invoice.hash,
        invoice.previous_hash,
        invoice.customer_id if with_customer else UNSET,
    )


def _note_view(note: CreditNote) -> CreditNoteView:
    amount = Money(note.amount, note.currency)
    return CreditNoteView(
        note.id, note.number, amount, note.reason, stamp(note.issued_at), note.hash, note.previous_hash
    )


async def get_invoice(reader: Reader, query: GetInvoice, caller: Caller) -> InvoiceView:
    invoice = await _visible(reader, query.invoice_id, caller)
    if invoice is None:
        raise Refused("not_found", 404)
    return view(invoice, await _notes(reader, [invoice], caller), query.with_customer)


async def list_invoices(reader: Reader, query: ListInvoices, caller: Caller) -> Page[InvoiceView]:
    if query.page and not query.order_id:
        return await _numbered_page(reader, query, caller)
    listing = Listing("invoices", query.order_id, "" if caller.role == "admin" else caller.id)
    values = {**listing.below(query.cursor), "n": query.limit + 1}
    if query.order_id:  # there is one at most: no second page, and so no cursor
        only = await _visible(reader, invoice_id(query.order_id), caller)
        found = [only] if only is not None and query.page <= 1 else []
    elif caller.role == "admin":
        found = await reader.find(storage.INVOICES, storage.NEWEST, values)
    else:
        found = await reader.find(storage.INVOICES, storage.NEWEST_OF, {**values, "customer": caller.id})
    shown, more = listing.page(found, query.limit, lambda invoice: (invoice.created_at, invoice.id))
    notes = await _notes(reader, shown, caller)
    total = (1 if shown else 0) if query.page else UNSET
    return Page([view(invoice, notes, query.with_customer) for invoice in shown], more, total)


async def _numbered_page(reader: Reader, query: ListInvoices, caller: Caller) -> Page[InvoiceView]:
    filters: dict[str, Any] = {} if caller.role == "admin" else {"customer": caller.id}
    names = tuple(filters)
    ((total,),) = await reader.rows(storage.COUNT[names], filters)
    values = {**filters, "n": query.limit, "skip": (query.page - 1) * query.limit}
    shown = await reader.find(storage.INVOICES, storage.PAGE[names], values)
    notes = await _notes(reader, shown, caller)
    return Page([view(invoice, notes, query.with_customer) for invoice in shown], None, total)


async def get_pdf(reader: Reader, query: GetInvoicePdf, caller: Caller) -> Pdf:
    invoice = await _visible(reader, query.invoice_id, caller)
    if invoice is None:
        raise Refused("not_found", 404)
    if invoice.status not in ("ISSUED", "PAID"):
        raise Refused("not_issued", 409, "The invoice is not issued.", current=invoice.status)
    document = _document(invoice, await _notes(reader, [invoice], caller))
    return Pdf(f"{invoice.number}.pdf", await asyncio.to_thread(pdf.render, document))


async def _visible(reader: Reader, key: str, caller: Caller) -> Invoice | None:
    invoice = await reader.get(storage.INVOICES, key)
    return invoice if invoice is not None and invoice.lines and caller.may_see(invoice.customer_id) else None


async def _notes(reader: Reader, invoices: Sequence[Invoice], caller: Caller) -> list[CreditNote]:
    if not any(invoice.status == "PAID" for invoice in invoices):
        return []
    if len(invoices) == 1:
        return await reader.find(storage.NOTES, storage.NOTES_OF, {"invoice": invoices[0].id})
    newest, oldest = invoices[0], invoices[-1]
    values = {
        "first_at": oldest.created_at,
        "first_id": oldest.id,
        "last_at": newest.created_at,
        "last_id": newest.id,
    }
    if caller.role == "admin":
        return await reader.find(storage.NOTES, storage.NOTES_OF_PAGE, values)
    return await reader.find(
        storage.NOTES, storage.NOTES_OF_CUSTOMERS_PAGE, {**values, "customer": caller.id}
    )


def _document(invoice: Invoice, notes: Sequence[CreditNote]) -> pdf.InvoiceDocument:
    lines = [
        pdf.InvoiceLine(o.name, o.sku, o.quantity, o.unit_price.amount, o.line_total.amount)
        for o in invoice.lines
    ]
    credits = [pdf.InvoiceCredit(note.number, note.amount, note.issued_at) for note in notes]
    return pdf.InvoiceDocument(
        invoice.number,
        invoice.issued_at,
        invoice.customer_id,
        invoice.order_id,
        invoice.currency,
        tuple(lines),
        invoice.total,
        invoice.status,
        tuple(credits),
        invoice.hash or "",
    )
