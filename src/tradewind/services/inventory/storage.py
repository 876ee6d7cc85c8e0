"""The tables of products, stock and reservations. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core import columns
from ...core.model import Table
from ...core.schema import by_number, count_of, metadata, newest_first
from .domain import Movement, Product, Reservation, SkuClaim

MD = metadata("inventory")

PRODUCTS = Table(
    Product,
    sa.Table(
        "products",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("sku", columns.Reference, nullable=False),
        sa.Column("name", columns.Text, nullable=False),
        sa.Column("price", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("on_hand", columns.Count, nullable=False),
        sa.Column("held", columns.Count, nullable=False),
        sa.Column("committed", columns.Count, nullable=False),
        sa.Column("version", columns.Number, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Column("status", columns.Key, nullable=False, server_default="ACTIVE"),
        sa.Index("inventory_products_status_created", "status", "created_at", "id"),
        sa.CheckConstraint("price >= 0", name="products_price"),
        sa.CheckConstraint(
            "held >= 0 AND committed >= 0 AND on_hand >= held + committed", name="products_stock"
        ),
    ),
)

SKUS = Table(
    SkuClaim,
    sa.Table(
        "skus",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("product_id", columns.Reference, nullable=False),
    ),
)

MOVEMENTS = Table(
    Movement,
    sa.Table(
        "movements",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("product_id", columns.Reference, nullable=False),
        sa.Column("delta", columns.Count, nullable=False),
        sa.Column("reason", columns.Text, nullable=False),
        sa.Column("on_hand", columns.Count, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Index("inventory_movements_product", "product_id", "id"),
    ),
)

RESERVATIONS = Table(
    Reservation,
    sa.Table(
        "reservations",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("items", columns.Document, nullable=False),
        sa.Column("expires_at", columns.Instant, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Column("adopted_at", columns.Instant, nullable=True),
        sa.CheckConstraint(
            "status IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED')", name="reservations_status"
        ),
    ),
)

_row = PRODUCTS.rows.c
_status = _row.status == sa.bindparam("status")
NEWEST = newest_first(PRODUCTS.rows, _status)
_like: sa.BindParameter[str] = sa.bindparam("like")
_matches = sa.or_(
    sa.func.lower(_row.name).like(_like, escape="\\"), sa.func.lower(_row.sku).like(_like, escape="\\")
)
NEWEST_LIKE = NEWEST.where(_matches)
BY_SKU = sa.select(PRODUCTS.rows).where(_row.sku == sa.bindparam("sku")).limit(1)
PAGE, COUNT = by_number(PRODUCTS.rows, _status), count_of(PRODUCTS.rows, _status)
PAGE_LIKE, COUNT_LIKE = PAGE.where(_matches), COUNT.where(_matches)
