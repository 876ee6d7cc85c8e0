"""The statuses that the page's schema lists: whatever ours are called inside, these are the words that a
client reads.
"""

from __future__ import annotations

import pytest

from tests.rpc.api import ORDER, PAYMENT, Api, product
from tests.support.databases import rows

PAYMENTS = {
    "PENDING": "PENDING",
    "COMPLETED": "COMPLETED",
    "FAILED": "FAILED",
    "REFUNDED": "REFUNDED",
    "VOIDED": "FAILED",
    "PARTIALLY_REFUNDED": "COMPLETED",
}


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED", "FAILED", "CANCELLED"])
def test_order_pending_confirmed_failed_cancelled(api: Api, database: str, status: str) -> None:
    order = api.made("/api/orders", ORDER)["id"]
    rows(database, f"UPDATE order_schema.orders SET status = '{status}' WHERE id = '{order}'")
    assert api.got(f"/api/orders/{order}")["status"] == status


@pytest.mark.parametrize(("kept", "shown"), PAYMENTS.items())
def test_payment_pending_completed_failed_refunded(api: Api, database: str, kept: str, shown: str) -> None:
    payment = api.made("/api/payments", PAYMENT)["id"]
    rows(database, f"UPDATE payment_schema.payments SET status = '{kept}' WHERE id = '{payment}'")
    assert api.got(f"/api/payments/{payment}")["status"] == shown


def test_product_stock_and_reserved_stock(api: Api, database: str) -> None:
    """What is held for an order or sold is reserved."""
    made = api.made("/api/products", product(stock=10))
    rows(database, f"UPDATE inventory_schema.products SET held = 2, committed = 3 WHERE id = '{made['id']}'")
    shown = api.got(f"/api/products/{made['id']}")
    assert (shown["stock"], shown["reservedStock"]) == (10, 5)


def test_order_without_a_reaction_stays_pending(api: Api, database: str) -> None:
    """As published: nothing is due, nothing is held, nobody is charged."""
    order = api.made("/api/orders", ORDER)["id"]
    assert rows(database, f"SELECT status, expires_at FROM order_schema.orders WHERE id = '{order}'") == [
        ("PENDING", 0)
    ]
    assert rows(database, "SELECT count(*) FROM order_schema.timers") == [(0,)]
    assert rows(database, "SELECT count(*) FROM inventory_schema.reservations") == [(0,)]
