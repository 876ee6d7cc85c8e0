"""Where points lie. The only file of this service that knows SQL."""

from __future__ import annotations

import sqlalchemy as sa

from tradewind.core.model import Table
from tradewind.core.schema import metadata

from .domain import Account, Earned

MD = metadata("loyalty")

EARNED = Table(
    Earned,
    sa.Table(
        "earned",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("paid", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
    ),
)

ACCOUNTS = Table(
    Account,
    sa.Table(
        "accounts",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("points >= 0", name="accounts_points"),
    ),
)
