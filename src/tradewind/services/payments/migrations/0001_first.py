"""The first tables of payments."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "payments",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("order_id", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("refunding", sa.BigInteger(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("provider", columns.Key(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("charge_id", columns.Key(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "refunded >= 0 AND refunding >= 0 AND refunded + refunding <= amount", name="payments_refunds"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payments_customer", "payments", ["customer_id", "id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("payment_id", columns.Key(), nullable=False),
        sa.Column("order_id", columns.Key(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name="refunds_amount"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payments_refunds_payment", "refunds", ["payment_id", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_table("refunds")
    op.drop_table("payments")
