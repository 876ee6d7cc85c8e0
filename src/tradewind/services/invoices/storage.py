"""The tables of invoices, credit notes and series. The only file of this service that contains SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...core.model import Table
from ...core.schema import Doc, metadata
from .invoice import CreditNote, Invoice
from .series import Series

MD = metadata("invoices")

INVOICES = Table(
    Invoice,
    sa.Table(
        "invoices",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("lines", Doc, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("issued_at", sa.BigInteger),
        sa.Column("previous_hash", sa.Text),
        sa.Column("hash", sa.Text),
        sa.Column("waiting", Doc, nullable=False),
        sa.Index("invoices_invoices_customer", "customer_id", "id"),
    ),
)
NOTES = Table(
    CreditNote,
    sa.Table(
        "credit_notes",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Index("invoices_credit_notes_invoice", "invoice_id"),
        sa.Index("invoices_credit_notes_customer", "customer_id", "invoice_id"),
    ),
)
SERIES = Table(
    Series,
    sa.Table(
        "series",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("next", sa.BigInteger, nullable=False),
        sa.Column("last_hash", sa.Text, nullable=False),
    ),
)

_invoice, _note = INVOICES.rows.c, NOTES.rows.c
_customer = sa.bindparam("customer", type_=sa.Text)


def _newest(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Only of known orders: before that, an invoice has no currency."""
    known = (_invoice.id < sa.bindparam("before", type_=sa.Text), _invoice.currency != "")
    return (
        sa.select(INVOICES.rows)
        .where(*known, *where)
        .order_by(_invoice.id.desc())
        .limit(sa.bindparam("n", type_=sa.Integer))
    )


def _between(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The credit notes of a page of invoices, which is a range of ids; within an invoice in the order they
    were written.
    """
    first, last = sa.bindparam("first", type_=sa.Text), sa.bindparam("last", type_=sa.Text)
    chosen = sa.select(NOTES.rows).where(_note.invoice_id >= first, _note.invoice_id <= last, *where)
    return chosen.order_by(_note.issued_at, _note.number)


NEWEST = _newest()
NEWEST_OF = _newest(_invoice.customer_id == _customer)
NOTES_BETWEEN = _between()
NOTES_BETWEEN_OF = _between(_note.customer_id == _customer)
