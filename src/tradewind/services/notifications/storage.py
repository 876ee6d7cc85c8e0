"""The table of notifications. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...contracts.notifications import MOST_ORDERS
from ...core import columns
from ...core.model import Table
from ...core.schema import metadata, newest_first
from .domain import Notification

MD = metadata("notifications")

NOTIFICATIONS = Table(
    Notification,
    sa.Table(
        "notifications",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("order_id", columns.Reference, nullable=False),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("template", columns.Key, nullable=False),
        sa.Column("about", columns.Key, nullable=False),
        sa.Column("channel", columns.Key, nullable=False),
        sa.Column("locale", columns.Key, nullable=False),
        sa.Column("subject", columns.Text, nullable=False),
        sa.Column("body", columns.Text, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Index("notifications_order_created", "order_id", "created_at", "id"),
        sa.Index("notifications_customer_created", "customer_id", "created_at", "id"),
        sa.Index("notifications_created", "created_at", "id"),
    ),
)

_c = NOTIFICATIONS.rows.c

NEWEST = newest_first(NOTIFICATIONS.rows)
NEWEST_OF = NEWEST.where(_c.customer_id == sa.bindparam("customer", type_=sa.Text))
OF_ORDER = NEWEST.where(_c.order_id == sa.bindparam("order", type_=sa.Text))

MOST = 10_000
PLACES = tuple([f"order{n}" for n in range(MOST_ORDERS)])
OF_ORDERS = (
    sa.select(NOTIFICATIONS.rows)
    .where(_c.order_id.in_([sa.bindparam(name, type_=sa.Text) for name in PLACES]))
    .order_by(_c.created_at, _c.id)
    .limit(MOST)
)
"""As many as may be asked for; fewer orders are asked for again and again."""
