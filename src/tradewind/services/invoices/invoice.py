"""Defines the invoice and the credit note, and what their hashes cover: the domain makes them, an audit
checks them.
"""

from __future__ import annotations

from typing import Literal

from ...contracts.orders import Line
from ...contracts.values import Money, View, stamp
from ...core.clock import derived
from ...core.model import Aggregate
from .series import seal


class Owed(View, frozen=True):
    """A refund that waits for its invoice."""

    refund_id: str
    amount: Money
    reason: str


class Invoice(Aggregate, frozen=True):
    """CONFIRMED: issued as soon as the order itself is known; before, it has no lines and is not shown.
    ISSUED: has its number, and is not paid.
    """

    order_id: str
    customer_id: str
    status: Literal["DRAFT", "CONFIRMED", "ISSUED", "PAID", "VOID"]
    lines: tuple[Line, ...] = ()
    total: int = 0
    currency: str = ""
    number: str | None = None
    issued_at: int | None = None
    previous_hash: str | None = None
    hash: str | None = None
    waiting: tuple[Owed, ...] = ()
    created_at: int = 0


class CreditNote(Aggregate, frozen=True):
    invoice_id: str
    order_id: str
    customer_id: str
    number: str
    invoice_number: str
    amount: int
    currency: str
    reason: str
    issued_at: int
    previous_hash: str
    hash: str = ""


class InvoiceFacts(View, frozen=True):
    number: str
    order_id: str
    lines: tuple[Line, ...]
    total: Money
    issued_at: str


class CreditNoteFacts(View, frozen=True):
    number: str
    invoice_number: str
    amount: Money
    reason: str
    issued_at: str


def invoice_id(order_id: str) -> str:
    return derived(order_id, "invoice")


def note_id(refund_id: str) -> str:
    return derived(refund_id, "credit-note")


def invoice_seal(invoice: Invoice) -> str:
    total = Money(invoice.total, invoice.currency)
    facts = InvoiceFacts(
        invoice.number or "", invoice.order_id, invoice.lines, total, stamp(invoice.issued_at or 0)
    )
    return seal(invoice.previous_hash or "", facts)


def note_seal(note: CreditNote) -> str:
    facts = CreditNoteFacts(
        note.number,
        note.invoice_number,
        Money(note.amount, note.currency),
        note.reason,
        stamp(note.issued_at),
    )
    return seal(note.previous_hash, facts)
