"""The first tables of orders."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "catalogue",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("product_id", columns.Key(), nullable=False),
        sa.Column("sku", columns.Key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "orders",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("payment_status", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('PENDING', 'CONFIRMED', 'FAILED', 'CANCELLED')", name="orders_status"),
        sa.CheckConstraint("total >= 0", name="orders_total"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("orders_customer", "orders", ["customer_id", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_table("orders")
    op.drop_table("catalogue")
