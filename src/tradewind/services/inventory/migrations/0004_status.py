"""Products that are withdrawn, and pages of all products of a status by time."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("products", sa.Column("status", columns.Key(), server_default="ACTIVE", nullable=False))
    op.create_index(
        "inventory_products_status_created", "products", ["status", "created_at", "id"], unique=False
    )
    op.drop_index("inventory_products_created", "products")


def down(op: Steps) -> None:
    op.create_index("inventory_products_created", "products", ["created_at", "id"], unique=False)
    op.drop_index("inventory_products_status_created", "products")
    op.drop_column("products", "status")
