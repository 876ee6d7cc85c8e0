"""What can be seen of one order from outside, in one look. Apart, a service hears of what another one has
decided a moment later: whoever expects something of a story waits for it with `story_with`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.shop import Late, Shop, until


class Story(NamedTuple):
    order: Any
    payment: Any
    """None where nothing was asked for."""
    invoice: Any
    told: list[str]
    """Templates, oldest first."""
    charges: list[int]
    """What the provider took, by its own book."""
    refunds: list[int]

    @property
    def status(self) -> tuple[str, str]:
        return self.order["status"], self.order["paymentStatus"]

    @property
    def of_payment(self) -> str:
        """Its status."""
        return str(self.payment["status"]) if self.payment else ""

    @property
    def of_invoice(self) -> str:
        return str(self.invoice["status"])

    @property
    def credited(self) -> list[int]:
        """By the invoice's credit notes, the smallest first."""
        return sorted([note["amount"]["amount"] for note in self.invoice["creditNotes"]])


def story(shop: Shop, order_id: str, who: str = "ada") -> Story:
    order = shop.get(f"/orders/{order_id}", who=who)
    payments = shop.get(f"/payments?orderId={order_id}", who=who)["data"]
    invoice = until(
        lambda: shop.get(f"/invoices?orderId={order_id}", who=who)["data"], "there is its invoice"
    )
    told = shop.get(f"/notifications?orderId={order_id}&limit=100", who=who)["data"]
    assert len(payments) <= 1 and len(invoice) == 1
    key = payments[0]["id"] if payments else ""
    return Story(
        order,
        payments[0] if payments else None,
        invoice[0],
        [note["template"] for note in reversed(told)],
        [amount for (amount,) in shop.keeping.ledger(f"SELECT amount FROM takings WHERE key = '{key}'")],
        [
            amount
            for (amount,) in shop.keeping.ledger(
                f"SELECT amount FROM refunds WHERE key = '{key}' ORDER BY rowid"
            )
        ],
    )


def story_with(
    shop: Shop, order_id: str, expected: Any, look: Callable[[Story], Any], who: str = "ada"
) -> Story:
    """The story once `look` sees in it what is expected. Errors: Late, with what was seen last."""
    seen: list[Any] = []

    def came() -> Story | None:
        found = story(shop, order_id, who)
        seen[:] = [look(found)]
        return found if seen[0] == expected else None

    try:
        return until(came, "its story is as expected")
    except Late as late:
        raise Late(f"{late}: expected {expected}, seen {seen[0]}") from None


def shelf(shop: Shop, product_id: str) -> tuple[int, int, int, int]:
    """On hand, held, committed, available."""
    found = shop.get(f"/products/{product_id}")
    return found["onHand"], found["held"], found["committed"], found["available"]
