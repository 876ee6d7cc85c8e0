"""The customers that orders named."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps

TEXTS = ("name", "email", "address", "state", "zip_code", "country", "date_of_birth")


def up(op: Steps) -> None:
    op.create_table(
        "customers",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.PrimaryKeyConstraint("id"),
    )


def down(op: Steps) -> None:
    op.drop_table("customers")
