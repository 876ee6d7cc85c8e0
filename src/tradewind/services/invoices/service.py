"""The table of contents of invoices: its subscriptions to orders and payments, and what each does."""

from __future__ import annotations

from pathlib import Path

from ...contracts.invoices import CreditNoteIssued, GetInvoice, GetInvoicePdf, InvoiceIssued, ListInvoices
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...core.manifest import Manifest
from ...core.model import Service, answers, on
from . import domain, queries
from .storage import INVOICES, MD, NOTES, SERIES

PAPER = INVOICES.maybe_at(domain.paper)


def invoices(*, policies: Policies = DEFAULT) -> Service:
    """With `invoice` none no paper comes of an order."""
    rules = domain.Invoicing(policies)
    of_creation = (
        SERIES.each(domain.both) if rules.at_once else SERIES.follow(PAPER, domain.both_if_confirmed)
    )
    return Service("invoices", keeps=[INVOICES, NOTES, SERIES], does=wired("invoices", policies, [
        on(OrderCreated,    rules.draft,   PAPER, of_creation),
        on(OrderConfirmed,  rules.confirm, PAPER, SERIES.each(domain.both)),
        on(OrderFailed,     rules.void,    PAPER),
        on(OrderCancelled,  rules.void,    PAPER),
        on(PaymentRefunded, rules.credit,  PAPER, NOTES.maybe_at(domain.note), SERIES.each(domain.credit_notes)),
        answers(GetInvoice,    queries.get_invoice),
        answers(ListInvoices,  queries.list_invoices),
        answers(GetInvoicePdf, queries.get_pdf),
    ]), says=[InvoiceIssued, CreditNoteIssued])  # fmt: skip


SERVICE = invoices()
MANIFEST = Manifest(
    name="invoices",
    make=lambda given: invoices(policies=given.policies),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    checks=f"{__package__}.checks",
)
