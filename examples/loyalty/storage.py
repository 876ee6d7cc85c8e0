"""Where points lie. The only file of this service that knows SQL."""

from __future__ import annotations

import sqlalchemy as sa

from tradewind.service import Table, columns, metadata

from .domain import Account, Earned

MD = metadata("loyalty")

EARNED = Table(
    Earned,
    sa.Table(
        "earned",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("paid", columns.Money, nullable=False),
        sa.Column("refunded", columns.Money, nullable=False),
    ),
)

ACCOUNTS = Table(
    Account,
    sa.Table(
        "accounts",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("points", columns.Count, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.CheckConstraint("points >= 0", name="accounts_points"),
    ),
)
