"""The table of notifications. The only file of this service that contains SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...core.model import Table
from ...core.paging import TOP
from ...core.schema import metadata
from .domain import Notification

MD = metadata("notifications")

NOTIFICATIONS = Table(
    Notification,
    sa.Table(
        "notifications",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Index("notifications_notifications_customer", "customer_id", "created_at"),
        sa.Index("notifications_notifications_created", "created_at"),
    ),
)

_c = NOTIFICATIONS.rows.c


def _newest(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """By time and not by id: an id has the time of the order, and an order may be cancelled days later."""
    place = sa.tuple_(sa.bindparam("at", type_=sa.BigInteger), sa.bindparam("before", type_=sa.Text))
    chosen = sa.select(NOTIFICATIONS.rows).where(sa.tuple_(_c.created_at, _c.id) < place, *where)
    return chosen.order_by(_c.created_at.desc(), _c.id.desc()).limit(sa.bindparam("n", type_=sa.Integer))


NEWEST = _newest()
NEWEST_OF = _newest(_c.customer_id == sa.bindparam("customer", type_=sa.Text))
# a range of ids in place of an index on order_id, which every insert would pay for: 3 us of 19 at 200,000
# rows
OF_ORDER = _newest(
    _c.id >= sa.bindparam("first", type_=sa.Text),
    _c.id <= sa.bindparam("last", type_=sa.Text),
    _c.order_id == sa.bindparam("order", type_=sa.Text),
)


def ids_of(order_id: str) -> dict[str, str]:
    """The ids that a notification of this order may have: they begin with the same millisecond."""
    return {"first": order_id[:13], "last": order_id[:13] + TOP}
