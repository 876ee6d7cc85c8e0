"""What was said and the broker has not confirmed yet."""

import sqlalchemy as sa

from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notifications_outbox_key", "outbox", ["key", "seq"], unique=False)


def down(op: Steps) -> None:
    op.drop_table("outbox")
