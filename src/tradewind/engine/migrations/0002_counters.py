"""The counters of a service, from which blocks of numbers are reserved."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
    op.create_table(
        "counters",
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def down(op: Steps) -> None:
    op.drop_table("counters")
