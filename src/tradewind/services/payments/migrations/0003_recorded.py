"""The idempotency key under which a payment was recorded, and the payments of an order."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.add_column("payments", sa.Column("idempotency_key", columns.Key(), nullable=True))
    op.create_index("payments_order", "payments", ["order_id", "id"], unique=False)


def down(op: Steps) -> None:
    op.drop_index("payments_order", "payments")
    op.drop_column("payments", "idempotency_key")
