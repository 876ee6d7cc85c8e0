"""The tables of orders. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core.model import Table
from ...core.schema import Doc, metadata, newest_first
from .domain import Entry, Order

MD = metadata("orders")

ORDERS = Table(
    Order,
    sa.Table(
        "orders",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("payment_status", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("items", Doc, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("failure", Doc, nullable=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=True),
        sa.CheckConstraint("status IN ('PENDING', 'CONFIRMED', 'FAILED', 'CANCELLED')", name="orders_status"),
        sa.CheckConstraint("total >= 0", name="orders_total"),
        sa.Index("orders_customer_created", "customer_id", "created_at", "id"),
        sa.Index("orders_created", "created_at", "id"),
    ),
)

CATALOGUE = Table(
    Entry,
    sa.Table(
        "catalogue",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    ),
)

_row = ORDERS.rows.c
# in the order of the view: an order that is only shown need not become an aggregate
ONE = sa.select(
    _row.id,
    _row.status,
    _row.payment_status,
    _row.customer_id,
    _row["items"],
    _row.total,
    _row.currency,
    _row.failure,
    _row.expires_at,
    _row.version,
    _row.created_at,
    _row.updated_at,
).where(_row.id == sa.bindparam("id"))
NEWEST = newest_first(ORDERS.rows)
NEWEST_OF = NEWEST.where(_row.customer_id == sa.bindparam("customer"))
NEWEST_IN = NEWEST.where(_row.status == sa.bindparam("status"))
NEWEST_OF_IN = NEWEST_OF.where(_row.status == sa.bindparam("status"))

_recorded = sa.select(
    _row.id,
    _row.status,
    _row["items"],
    _row.total,
    _row.currency,
    _row.idempotency_key,
    _row.created_at,
    _row.updated_at,
)
RECORDED = _recorded.where(_row.id == sa.bindparam("id"))
RECORDED_PAGE = (
    _recorded.order_by(_row.created_at.desc(), _row.id.desc())
    .limit(sa.bindparam("n"))
    .offset(sa.bindparam("skip", type_=sa.BigInteger))
)
RECORDED_COUNT = sa.select(sa.func.count()).select_from(ORDERS.rows)
