"""The table `Order` that others read: integer ids, amounts without a currency, two words for a status."""

from __future__ import annotations

import sqlalchemy as sa

from tradewind.core.published import Computed, PublishedTable, moment, table_of

ORDERS = table_of("orders", "orders", "number", "customer_id", "total", "status", "created_at")
PLACED = Computed("published_placed", moment(ORDERS.c.created_at))

TABLES = (
    PublishedTable(
        service="orders",
        name="Order",
        select=sa.select(
            ORDERS.c.number.label("id"),
            ORDERS.c.customer_id.label("customerId"),
            sa.cast(ORDERS.c.total, sa.Integer).label("amount"),
            sa.case((ORDERS.c.status == "CONFIRMED", "paid"), else_="open").label("status"),
            PLACED.label("placedAt"),
        ),
        computed=(PLACED,),
        indexes={"orders_published_customer": (ORDERS.c.customer_id, PLACED)},
    ),
)
