"""The idempotency key under which an order was recorded."""

import sqlalchemy as sa

from tradewind.chassis.store.steps import Steps


def up(op: Steps) -> None:
    op.add_column("orders", sa.Column("idempotency_key", sa.Text(), nullable=True))


def down(op: Steps) -> None:
    op.drop_column("orders", "idempotency_key")
