"""The table `orders` of the published system, as others read it: a view under its name, whose columns and two
usual queries (one order; those of a user, newest first) are those of the original.
"""

from __future__ import annotations

import sqlalchemy as sa

from ...core.published import Computed, PublishedTable, moment, part_of, table_of, whole

_orders = table_of("orders", "orders", "number", "customer_id", "items", "status", "created_at").c
USER = Computed("published_user", whole(_orders.customer_id))
PRODUCT = Computed("published_product", whole(part_of(_orders["items"], "$[0].productId")))
QUANTITY = Computed("published_quantity", whole(part_of(_orders["items"], "$[0].quantity")))
CREATED = Computed("published_created", moment(_orders.created_at))
_rows = sa.select(
    _orders.number.label("id"),
    USER.label("userId"),
    PRODUCT.label("productId"),
    QUANTITY.label("quantity"),
    sa.func.lower(_orders.status).label("status"),
    CREATED.label("createdAt"),
)

TABLES = (
    PublishedTable(
        service="orders",
        name="orders",
        schema="public",
        select=_rows,
        computed=(USER, PRODUCT, QUANTITY, CREATED),
        indexes={"orders_published_user": (USER, CREATED)},
        create="id int NOT NULL AUTO_INCREMENT PRIMARY KEY, userId int NOT NULL, productId int NOT NULL, "
        "quantity int NOT NULL, status varchar(255) NOT NULL DEFAULT 'pending', "
        "createdAt datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), INDEX (userId, createdAt), "
        "INDEX (status), INDEX (userId)",
        handed_back=_rows.where(USER.is_not(None), PRODUCT.is_not(None), QUANTITY.is_not(None)),
    ),
)
