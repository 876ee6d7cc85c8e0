"""The tables of orders. The only file of this service that contains SQL."""

from __future__ import annotations

from itertools import combinations

import sqlalchemy as sa

from ...core import columns
from ...core.model import Table
from ...core.schema import by_number, count_of, metadata, newest_first
from .customers import Customer
from .domain import Entry, Order

MD = metadata("orders")

ORDERS = Table(
    Order,
    sa.Table(
        "orders",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("payment_status", columns.Key, nullable=False),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("items", columns.Document, nullable=False),
        sa.Column("total", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("failure", columns.Document, nullable=True),
        sa.Column("token", columns.Text, nullable=False),
        sa.Column("expires_at", columns.Instant, nullable=False),
        sa.Column("version", columns.Number, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Column("idempotency_key", columns.Key, nullable=True),
        sa.Column("adopted_at", columns.Instant, nullable=True),
        sa.Column("number", columns.Count, nullable=False),
        sa.CheckConstraint("status IN ('PENDING', 'CONFIRMED', 'FAILED', 'CANCELLED')", name="orders_status"),
        sa.CheckConstraint("total >= 0", name="orders_total"),
        sa.Index("orders_customer_created", "customer_id", "created_at", "id"),
        sa.Index("orders_created", "created_at", "id"),
        sa.Index("orders_number", "number", unique=True),
    ),
)

CATALOGUE = Table(
    Entry,
    sa.Table(
        "catalogue",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("product_id", columns.Reference, nullable=False),
        sa.Column("sku", columns.Reference, nullable=False),
        sa.Column("name", columns.Text, nullable=False),
        sa.Column("price", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("version", columns.Number, nullable=False),
        sa.Column("status", columns.Key, nullable=False, server_default="ACTIVE"),
    ),
)

CUSTOMERS = Table(
    Customer,
    sa.Table(
        "customers",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("name", columns.Text, nullable=False),
        sa.Column("email", columns.Text, nullable=False),
        sa.Column("address", columns.Text, nullable=False),
        sa.Column("state", columns.Text, nullable=False),
        sa.Column("zip_code", columns.Text, nullable=False),
        sa.Column("country", columns.Text, nullable=False),
        sa.Column("date_of_birth", columns.Text, nullable=False),
    ),
)

_row = ORDERS.rows.c
# in the order of the view: an order that is only shown need not become an aggregate
ONE = sa.select(
    _row.id,
    _row.number,
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
    _row.idempotency_key,
).where(_row.id == sa.bindparam("id"))
_filters = {
    "customer": _row.customer_id == sa.bindparam("customer"),
    "status": _row.status == sa.bindparam("status"),
    "number": _row.number == sa.bindparam("number"),
}
_filtered = {
    names: tuple([_filters[name] for name in names])
    for count in range(4)
    for names in combinations(_filters, count)
}
NEWEST = {names: newest_first(ORDERS.rows, *where) for names, where in _filtered.items()}
PAGE = {names: by_number(ORDERS.rows, *where) for names, where in _filtered.items()}
COUNT = {names: count_of(ORDERS.rows, *where) for names, where in _filtered.items()}
"""By the names of what they are filtered by, in the order of `_filters`."""
