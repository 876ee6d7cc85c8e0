"""The table of the published system, `"Order"` in the schema `public`: the view that others read, and what
`migrate export` writes back.
"""

from __future__ import annotations

import sqlalchemy as sa

from ...core.published import PublishedTable, table_of

_orders = table_of("orders", "orders", "id", "customer_id", "total").c

TABLES = (
    PublishedTable(
        service="orders",
        schema="public",
        name="Order",
        select=sa.select(
            _orders.id,
            _orders.customer_id.label("customerId"),
            sa.cast(_orders.total, sa.Integer).label("amount"),
        ),
        create='id text PRIMARY KEY, "customerId" text NOT NULL, amount integer NOT NULL',
    ),
)
