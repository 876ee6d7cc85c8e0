"""The tables of products, stock and reservations. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core.model import Table
from ...core.schema import Doc, metadata, newest_first
from .domain import Movement, Product, Reservation, SkuClaim

MD = metadata("inventory")

PRODUCTS = Table(
    Product,
    sa.Table(
        "products",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("committed", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Index("inventory_products_created", "created_at", "id"),
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
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("product_id", sa.Text, nullable=False),
    ),
)

MOVEMENTS = Table(
    Movement,
    sa.Table(
        "movements",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("delta", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Index("inventory_movements_product", "product_id", "id"),
    ),
)

RESERVATIONS = Table(
    Reservation,
    sa.Table(
        "reservations",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("items", Doc, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "status IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED')", name="reservations_status"
        ),
    ),
)

_row = PRODUCTS.rows.c
NEWEST = newest_first(PRODUCTS.rows)
_like: sa.BindParameter[str] = sa.bindparam("like")
NEWEST_LIKE = NEWEST.where(
    sa.or_(
        sa.func.lower(_row.name).like(_like, escape="\\"), sa.func.lower(_row.sku).like(_like, escape="\\")
    )
)
BY_SKU = sa.select(PRODUCTS.rows).where(_row.sku == sa.bindparam("sku")).limit(1)
RECORDED_PAGE = (
    sa.select(PRODUCTS.rows)
    .order_by(_row.created_at.desc(), _row.id.desc())
    .limit(sa.bindparam("n"))
    .offset(sa.bindparam("skip", type_=sa.BigInteger))
)
RECORDED_COUNT = sa.select(sa.func.count()).select_from(PRODUCTS.rows)
