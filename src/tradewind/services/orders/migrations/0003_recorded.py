"""The idempotency key under which an order was recorded, and pages of all orders by time."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("orders", sa.Column("idempotency_key", columns.Key(), nullable=True))
    op.create_index("orders_created", "orders", ["created_at", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("orders_created", "orders")
    op.drop_column("orders", "idempotency_key")
