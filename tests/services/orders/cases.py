"""One order in each state it can be in, and one of each message about it."""

from msgspec.structs import replace

from tradewind.contracts.inventory import Shortage, StockRejected, StockReserved
from tradewind.contracts.orders import CancelOrder, Failure, Line
from tradewind.contracts.payments import PaymentCompleted, PaymentFailed, PaymentRefunded
from tradewind.contracts.values import Money
from tradewind.core.model import Caller, Context
from tradewind.services.orders.domain import CANCELLED, CONFIRMED, FAILED, PENDING, Order, PaymentDue

ORDER = "0192f0c1-0000-7000-8000-000000000001"
PRICE, TOTAL = Money(1_999, "EUR"), Money(3_998, "EUR")
LINES = (Line("p1", "TEA-1", "Assam", 2, PRICE, TOTAL),)
SHORT = (Shortage("p1", "TEA-1", 2, 1),)
OWNER, ADMIN = Caller("ada", "customer"), Caller("root", "admin")
NOW = Context(5_000, "fresh", OWNER)

OPEN = Order(ORDER, PENDING, "none", "ada", LINES, 3_998, "EUR", None, "tok_ok", 9_000, 1, 1_000, 1_000)
SOLD = replace(OPEN, status=CONFIRMED, payment_status="paid", token="", version=2)
FALLEN = replace(OPEN, status=FAILED, failure=Failure("expired", {}), token="", version=2)
DROPPED = replace(OPEN, status=CANCELLED, token="", version=2)
STATES = {
    "open": OPEN,
    "sold": SOLD,
    "sold, some of it given back": replace(SOLD, payment_status="partially_refunded"),
    "sold, all of it given back": replace(SOLD, payment_status="refunded"),
    "fallen": FALLEN,
    "fallen, paid late": replace(FALLEN, payment_status="paid"),
    "fallen, given back": replace(FALLEN, payment_status="refunded"),
    "dropped before it was paid": DROPPED,
    "dropped after it was paid": replace(DROPPED, payment_status="paid"),
    "dropped, some of it given back": replace(DROPPED, payment_status="partially_refunded"),
    "dropped, given back": replace(DROPPED, payment_status="refunded"),
}

RESERVED = StockReserved(ORDER)
REJECTED = StockRejected(ORDER, SHORT)
PAID = PaymentCompleted(ORDER, "pay-1", TOTAL)
DECLINED = PaymentFailed(ORDER, "pay-1", "payment_declined", "no funds")
DUE = PaymentDue(ORDER)
CANCEL = CancelOrder(ORDER, "too late")
PART = PaymentRefunded(ORDER, "ada", "pay-1", "r1", Money(500, "EUR"), Money(500, "EUR"), False, "damaged")
WHOLE = replace(PART, refund_id="r2", refunded=TOTAL, whole=True)
EVENTS = (RESERVED, REJECTED, PAID, DECLINED, DUE, PART, WHOLE)
