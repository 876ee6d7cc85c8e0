"""First."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "things",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("title", columns.Key(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("held >= 0 AND amount >= held", name="probe_things_whole"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("probe_things_amount", "things", ["amount"], unique=False)


def down(op: Steps) -> None:
    op.drop_table("things")
