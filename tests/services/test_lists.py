"""Every list of the shop is read in the order of an index on its time and id: a page costs the same at any
depth, and no form of an id is relied on.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.drivers.mysql.sql import filled
from tradewind.runtime.schema import schemas
from tradewind.services.inventory import storage as inventory
from tradewind.services.invoices import storage as invoices
from tradewind.services.notifications import storage as notifications
from tradewind.services.orders import storage as orders
from tradewind.services.payments import storage as payments
from tradewind.services.users import storage as users

LISTS: list[tuple[Any, str]] = [
    (users.NEWEST, "users_created"),
    (inventory.NEWEST, "inventory_products_status_created"),
    (inventory.NEWEST_LIKE, "inventory_products_status_created"),
    (inventory.PAGE, "inventory_products_status_created"),
    (inventory.PAGE_LIKE, "inventory_products_status_created"),
    *[
        (statement, "orders_customer_created" if "customer" in names else "orders_created")
        for lists in (orders.NEWEST, orders.PAGE)
        for names, statement in lists.items()
        if "number" not in names
    ],
    (payments.NEWEST, "payments_created"),
    (payments.PAGE, "payments_created"),
    (payments.PAGE_OF, "payments_customer_created"),
    (payments.NEWEST_OF, "payments_customer_created"),
    (payments.OF_ORDER, "payments_order_created"),
    (payments.OF_ORDER_OF, "payments_order_created"),
    (payments.REFUNDS_OF, "payments_refunds_payment_created"),
    (invoices.NEWEST, "invoices_created"),
    (invoices.NEWEST_OF, "invoices_customer_created"),
    (notifications.NEWEST, "notifications_created"),
    (notifications.NEWEST_OF, "notifications_customer_created"),
    (notifications.OF_ORDER, "notifications_order_created"),
]


def test_each_list_is_read_in_the_order_of_its_index(place: Place) -> None:
    place.fill(*schemas())
    plans = {index: plan(place, statement) for statement, index in LISTS}
    if place.kind == "mysql":  # a page begins at its place in the index, at any depth
        assert "'range'" in plan(place, users.NEWEST) and "'range'" in plan(place, orders.NEWEST["customer",])
    unserved = {index: found for index, found in plans.items() if index not in found or "sort" in found}
    assert not unserved, unserved


@pytest.mark.parametrize(("statement", "index"), [(invoices.NOTES_OF_PAGE, "invoices_created")])
def test_the_credit_notes_of_a_page_are_found_by_a_range_of_its_index(
    place: Place, statement: Any, index: str
) -> None:
    place.fill(*schemas())
    found = plan(place, statement)
    assert index in found and "invoices_credit_notes_invoice" in found, found


def plan(place: Place, statement: Any) -> str:
    """How the database reads a list, on PostgreSQL as if its tables were large."""
    values = {
        bind.key: 1 if isinstance(bind.type, sa.Integer) or bind.key in ("n", "skip") else "x"
        for bind in statement.compile().binds.values()
        if bind.required
    }
    text, given = place.database.sql.compiled(statement, values)
    texts = ["'" + one + "'" if isinstance(one, str) else str(one) for one in given]
    if place.kind == "mysql":
        found = place.outside(f"EXPLAIN {filled(text, given)}")
        return " ".join([f"{row[3:7]} {row[-1]}" for row in found]).replace("filesort", "sort")
    if place.kind == "sqlite":
        asked = iter(texts)
        text = re.sub(r"\?", lambda _: next(asked), text)
        return " ".join([row[3] for row in place.outside(f"EXPLAIN QUERY PLAN {text}")]).replace(
            "USE TEMP B-TREE", "sort"
        )
    text = re.sub(r"\$(\d+)", lambda found: texts[int(found[1]) - 1], text)

    def ask(connection: sa.Connection) -> list[Any]:
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET enable_{way} = off")
        return list(connection.exec_driver_sql(f"EXPLAIN {text}"))

    return " ".join([row[0] for row in place.database.work(ask)]).replace("Sort", "sort")
