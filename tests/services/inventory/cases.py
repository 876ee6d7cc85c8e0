"""Two products, an order for both, its claim in each state, and one of each message about it."""

from msgspec.structs import replace

from tradewind.contracts.orders import Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from tradewind.contracts.values import Money
from tradewind.core.model import Caller, Context
from tradewind.services.inventory.domain import COMMITTED, EXPIRED, HELD, RELEASED, Product, Reservation

ORDER = "0192f0c1-0000-7000-8000-000000000001"
NOW = Context(5_000, "fresh", Caller("root", "admin"))
TEA = Product("p1", "TEA-1", "Assam", 1_999, "EUR", 10, 2, 1, 4, 1_000, 2_000)
CUP = Product("p2", "CUP-1", "Cup", 500, "EUR", 5, 0, 0, 1, 1_000, 1_000)
SHELF = {"p1": TEA, "p2": CUP}


def line(product_id: str, quantity: int) -> Line:
    sku = SHELF[product_id].sku if product_id in SHELF else "GONE"
    return Line(product_id, sku, "Name", quantity, Money(1, "EUR"), Money(quantity, "EUR"))


CREATED = OrderCreated(ORDER, "ada", (line("p1", 1), line("p2", 3), line("p1", 2)), Money(6, "EUR"), 9_000)
CONFIRMED = OrderConfirmed(ORDER, "ada", Money(6, "EUR"))
FAILED = OrderFailed(ORDER, "ada", "payment_declined")
LAPSED = replace(FAILED, code="expired")
CANCELLED = OrderCancelled(ORDER, "ada", "too late")
ENDS = (FAILED, LAPSED, CANCELLED)

CLAIM = Reservation(ORDER, HELD, {"p1": 3, "p2": 3}, 9_000, 3_000, 3_000)
CLAIMS = {
    "none": None,
    "held": CLAIM,
    "committed": replace(CLAIM, status=COMMITTED),
    "released": replace(CLAIM, status=RELEASED),
    "expired": replace(CLAIM, status=EXPIRED),
    "ended before it was heard of": replace(CLAIM, status=RELEASED, items={}),
}
# what is on the shelf while the claim is held, and while it is committed
HELD_SHELF = {"p1": replace(TEA, held=5), "p2": replace(CUP, held=3)}
SOLD_SHELF = {"p1": replace(TEA, committed=4), "p2": replace(CUP, committed=3)}
