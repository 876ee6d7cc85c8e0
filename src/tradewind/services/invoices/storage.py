"""The tables of invoices, credit notes and series. The only file of this service that contains SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...core import columns
from ...core.model import Table
from ...core.schema import by_number, count_of, metadata, newest_first
from .invoice import CreditNote, Invoice
from .series import Series

MD = metadata("invoices")

INVOICES = Table(
    Invoice,
    sa.Table(
        "invoices",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("order_id", columns.Reference, nullable=False),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("lines", columns.Document, nullable=False),
        sa.Column("total", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("number", columns.Key),
        sa.Column("issued_at", columns.Instant),
        sa.Column("previous_hash", columns.Key),
        sa.Column("hash", columns.Key),
        sa.Column("waiting", columns.Document, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Index("invoices_created", "created_at", "id"),
        sa.Index("invoices_customer_created", "customer_id", "created_at", "id"),
    ),
)
NOTES = Table(
    CreditNote,
    sa.Table(
        "credit_notes",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("invoice_id", columns.Reference, nullable=False),
        sa.Column("order_id", columns.Reference, nullable=False),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("number", columns.Key, nullable=False),
        sa.Column("invoice_number", columns.Key, nullable=False),
        sa.Column("amount", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("reason", columns.Text, nullable=False),
        sa.Column("issued_at", columns.Instant, nullable=False),
        sa.Column("previous_hash", columns.Key, nullable=False),
        sa.Column("hash", columns.Key, nullable=False),
        sa.Index("invoices_credit_notes_invoice", "invoice_id"),
    ),
)
SERIES = Table(
    Series,
    sa.Table(
        "series",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("year", columns.Number, nullable=False),
        sa.Column("next", columns.Count, nullable=False),
        sa.Column("last_hash", columns.Key, nullable=False),
    ),
)

_invoice, _note = INVOICES.rows.c, NOTES.rows.c
_customer = sa.bindparam("customer", type_=sa.Text)


def _notes_of_page(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The credit notes of a page of invoices, which is a range of time and id; within an invoice in the order
    they were written.
    """
    place = sa.tuple_(_invoice.created_at, _invoice.id)
    first = sa.tuple_(sa.bindparam("first_at", type_=sa.BigInteger), sa.bindparam("first_id", type_=sa.Text))
    last = sa.tuple_(sa.bindparam("last_at", type_=sa.BigInteger), sa.bindparam("last_id", type_=sa.Text))
    chosen = sa.select(NOTES.rows).join_from(INVOICES.rows, NOTES.rows, _note.invoice_id == _invoice.id)
    return chosen.where(place >= first, place <= last, *where).order_by(_note.issued_at, _note.number)


# only of known orders: before that, an invoice has no currency
_known = _invoice.currency != ""
NEWEST = newest_first(INVOICES.rows, _known)
NEWEST_OF = NEWEST.where(_invoice.customer_id == _customer)
_filtered: dict[tuple[str, ...], list[sa.ColumnElement[bool]]] = {
    (): [_known],
    ("customer",): [_known, _invoice.customer_id == _customer],
}
PAGE = {names: by_number(INVOICES.rows, *where) for names, where in _filtered.items()}
COUNT = {names: count_of(INVOICES.rows, *where) for names, where in _filtered.items()}
"""By the names of what they are filtered by."""
NOTES_OF = (
    sa.select(NOTES.rows)
    .where(_note.invoice_id == sa.bindparam("invoice", type_=sa.Text))
    .order_by(_note.issued_at, _note.number)
)
NOTES_OF_PAGE = _notes_of_page()
NOTES_OF_CUSTOMERS_PAGE = _notes_of_page(_invoice.customer_id == _customer)
