"""The tables of loyalty, as they were on the first day."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps
from tradewind.service import columns


def up(op: Steps) -> None:
    op.create_table(
        "accounts",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points >= 0", name="accounts_points"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "earned",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("customer_id", columns.Key(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def down(op: Steps) -> None:
    op.drop_table("earned")
    op.drop_table("accounts")
