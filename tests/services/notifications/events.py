"""One of each event that notifications hears, about the same order."""

from tradewind.contracts.inventory import Shortage
from tradewind.contracts.orders import Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.values import Money

ORDER = "0192f0c1-0000-7000-8000-000000000001"
TOTAL = Money(3998, "EUR")
SHORT = (Shortage("p1", "TEA-1", 5, 1), Shortage("p2", "TEA-2", 2, 0))
CREATED = OrderCreated(
    ORDER, "cust-1", (Line("p1", "TEA-1", "Assam", 2, Money(1999, "EUR"), TOTAL),), TOTAL, 900_000
)
CONFIRMED = OrderConfirmed(ORDER, "cust-1", TOTAL)
FAILED = OrderFailed(ORDER, "cust-1", "out_of_stock", SHORT)
CANCELLED = OrderCancelled(ORDER, "cust-1", "ordered twice")
REFUNDED = PaymentRefunded(
    ORDER, "cust-1", "pay-1", "refund-1", Money(500, "EUR"), Money(500, "EUR"), False, "damaged"
)
EVERY = (CREATED, CONFIRMED, FAILED, CANCELLED, REFUNDED)
