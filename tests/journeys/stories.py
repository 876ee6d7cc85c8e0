"""What can be seen of one order from outside, in one look."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.support.shop import Shop


class Story(NamedTuple):
    order: Any
    payment: Any
    invoice: Any
    told: list[str]
    """Templates, oldest first."""
    charges: list[int]
    """What the provider took, by its own book."""
    refunds: list[int]

    @property
    def status(self) -> tuple[str, str]:
        return self.order["status"], self.order["paymentStatus"]


def story(shop: Shop, order_id: str, who: str = "ada") -> Story:
    order = shop.get(f"/orders/{order_id}", who=who)
    payments = shop.get(f"/payments?orderId={order_id}", who=who)["data"]
    invoices = shop.get(f"/invoices?orderId={order_id}", who=who)["data"]
    told = shop.get(f"/notifications?orderId={order_id}&limit=100", who=who)["data"]
    assert len(payments) <= 1 and len(invoices) == 1
    key = payments[0]["id"] if payments else ""
    return Story(
        order,
        payments[0] if payments else None,
        invoices[0],
        [note["template"] for note in reversed(told)],
        [amount for (amount,) in shop.keeping.ledger(f"SELECT amount FROM takings WHERE key = '{key}'")],
        [
            amount
            for (amount,) in shop.keeping.ledger(
                f"SELECT amount FROM refunds WHERE key = '{key}' ORDER BY rowid"
            )
        ],
    )


def shelf(shop: Shop, product_id: str) -> tuple[int, int, int, int]:
    """On hand, held, committed, available."""
    found = shop.get(f"/products/{product_id}")
    return found["onHand"], found["held"], found["committed"], found["available"]
