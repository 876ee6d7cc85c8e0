"""One of each event that invoices hears, about the same order."""

from tradewind.contracts.orders import Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.values import Money

ORDER = "0192f0c1-0000-7000-8000-000000000001"
REFUND = "0192f0c2-0000-7000-8000-000000000001"
TOTAL = Money(3998, "EUR")
LINES = (Line("p1", "TEA-1", "Grüner Tee", 2, Money(1999, "EUR"), TOTAL),)
CREATED = OrderCreated(ORDER, "cust-1", LINES, TOTAL, 900_000)
CONFIRMED = OrderConfirmed(ORDER, "cust-1", TOTAL)
FAILED = OrderFailed(ORDER, "cust-1", "expired")
CANCELLED = OrderCancelled(ORDER, "cust-1", "")
REFUNDED = PaymentRefunded(
    ORDER, "cust-1", "pay-1", REFUND, Money(500, "EUR"), Money(500, "EUR"), False, "damaged"
)
EVERY = (CREATED, CONFIRMED, FAILED, CANCELLED, REFUNDED)
YEAR_2026 = 1_767_225_600_000
YEAR_2027 = 1_798_761_600_000
