"""The first tables of inventory."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "movements",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("product_id", columns.Key(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("inventory_movements_product", "movements", ["product_id", "id"], unique=False)
    op.create_table(
        "products",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("sku", columns.Key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", columns.Key(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "held >= 0 AND committed >= 0 AND on_hand >= held + committed", name="products_stock"
        ),
        sa.CheckConstraint("price >= 0", name="products_price"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED')", name="reservations_status"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "skus",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("product_id", columns.Key(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def down(op: Steps) -> None:
    op.drop_table("skus")
    op.drop_table("reservations")
    op.drop_table("products")
    op.drop_table("movements")
