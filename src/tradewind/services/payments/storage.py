"""The tables of payments and refunds. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core import columns
from ...core.model import Table
from ...core.schema import by_number, count_of, metadata, newest_first
from .domain import Payment, Refund

MD = metadata("payments")

PAYMENTS = Table(
    Payment,
    sa.Table(
        "payments",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("order_id", columns.Reference, nullable=False),
        sa.Column("customer_id", columns.Reference, nullable=False),
        sa.Column("amount", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("refunded", columns.Money, nullable=False),
        sa.Column("refunding", columns.Money, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("provider", columns.Key, nullable=False),
        sa.Column("token", columns.Text, nullable=False),
        sa.Column("charge_id", columns.Reference, nullable=False),
        sa.Column("checks", columns.Number, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Column("idempotency_key", columns.Key, nullable=True),
        sa.CheckConstraint(
            "refunded >= 0 AND refunding >= 0 AND refunded + refunding <= amount", name="payments_refunds"
        ),
        sa.Index("payments_created", "created_at", "id"),
        sa.Index("payments_customer_created", "customer_id", "created_at", "id"),
        sa.Index("payments_order_created", "order_id", "created_at", "id"),
    ),
)

REFUNDS = Table(
    Refund,
    sa.Table(
        "refunds",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("payment_id", columns.Reference, nullable=False),
        sa.Column("order_id", columns.Reference, nullable=False),
        sa.Column("amount", columns.Money, nullable=False),
        sa.Column("currency", columns.Key, nullable=False),
        sa.Column("reason", columns.Text, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.CheckConstraint("amount > 0", name="refunds_amount"),
        sa.Index("payments_refunds_payment_created", "payment_id", "created_at", "id"),
    ),
)

_row, _refund = PAYMENTS.rows.c, REFUNDS.rows.c
NEWEST = newest_first(PAYMENTS.rows)
NEWEST_OF = NEWEST.where(_row.customer_id == sa.bindparam("customer"))
OF_ORDER = NEWEST.where(_row.order_id == sa.bindparam("order"))
OF_ORDER_OF = OF_ORDER.where(_row.customer_id == sa.bindparam("customer"))
LISTS = {(False, False): NEWEST, (False, True): NEWEST_OF, (True, False): OF_ORDER, (True, True): OF_ORDER_OF}
"""By: of one order? of one customer?"""
PAGE, COUNT = by_number(PAYMENTS.rows), count_of(PAYMENTS.rows)
PAGE_OF, COUNT_OF = (
    make(PAYMENTS.rows, _row.customer_id == sa.bindparam("customer")) for make in (by_number, count_of)
)
REFUNDS_OF = newest_first(REFUNDS.rows, _refund.payment_id == sa.bindparam("payment", type_=sa.Text))
