"""The first tables of notifications."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "notifications",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("order_id", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("template", columns.Key(), nullable=False),
        sa.Column("about", columns.Key(), nullable=False),
        sa.Column("channel", columns.Key(), nullable=False),
        sa.Column("locale", columns.Key(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notifications_notifications_created", "notifications", ["created_at"], unique=False)
    op.create_index(
        "notifications_notifications_customer", "notifications", ["customer_id", "created_at"], unique=False
    )


def down(op: Steps) -> None:
    op.drop_table("notifications")
