"""The first tables of invoices."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "credit_notes",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("invoice_id", columns.Key(), nullable=False),
        sa.Column("order_id", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("number", columns.Key(), nullable=False),
        sa.Column("invoice_number", columns.Key(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", columns.Key(), nullable=False),
        sa.Column("hash", columns.Key(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "invoices_credit_notes_customer", "credit_notes", ["customer_id", "invoice_id"], unique=False
    )
    op.create_index("invoices_credit_notes_invoice", "credit_notes", ["invoice_id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("order_id", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("number", columns.Key(), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=True),
        sa.Column("previous_hash", columns.Key(), nullable=True),
        sa.Column("hash", columns.Key(), nullable=True),
        sa.Column("waiting", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("invoices_invoices_customer", "invoices", ["customer_id", "id"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", columns.Key(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def down(op: Steps) -> None:
    op.drop_table("series")
    op.drop_table("invoices")
    op.drop_table("credit_notes")
