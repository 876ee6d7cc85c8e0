"""One payment in each state it can be in, a refund, and one of each message about them."""

from msgspec.structs import replace

from tradewind.contracts.orders import OrderCancelled, OrderFailed, PaymentRequested, RefundRequested
from tradewind.contracts.payments import ProviderReported, RefundPayment
from tradewind.contracts.values import Money
from tradewind.core.clock import derived
from tradewind.core.model import Context
from tradewind.services.payments.domain import CheckDue, GivenBack, Payment, Refund, Settled

ORDER = "0192f0c1-0000-7000-8000-000000000001"
ID = derived(ORDER, "payment")
NOW = Context(5_000, "fresh")
TOTAL = Money(1_999, "EUR")

OPEN = Payment(ID, ORDER, "ada", 1_999, "EUR", 0, 0, "PENDING", "sandbox", "tok_ok", "", 0, 1_000, 1_000)
PAID = replace(OPEN, status="COMPLETED", token="", charge_id="ch-1")
FAILED = replace(OPEN, status="FAILED", token="")
VOIDED = replace(OPEN, status="VOIDED", token="")
PART = replace(PAID, status="PARTIALLY_REFUNDED", refunded=500)
WHOLE = replace(PAID, status="REFUNDED", refunded=1_999)
STATES = {
    "open": OPEN,
    "paid": PAID,
    "paid, some of it on its way back": replace(PAID, refunding=700),
    "paid, all of it on its way back": replace(PAID, refunding=1_999),
    "some of it given back": PART,
    "some of it given back, the rest on its way": replace(PART, refunding=1_499),
    "given back": WHOLE,
    "failed": FAILED,
    "voided": VOIDED,
}
UNPAID = ("open", "failed", "voided")

ASKED = PaymentRequested(ORDER, "ada", TOTAL, "tok_ok", 9_000)
CHARGED = Settled(ID, "CHARGED", "", "ch-1")
DECLINED = Settled(ID, "DECLINED", "insufficient_funds", "")
WAITING = Settled(ID, "PENDING", "", "")
STOPPED = Settled(ID, "VOIDED", "voided", "")
CHECK = CheckDue(ID)
REPORTED = ProviderReported(ID, "ch-1")
ORDER_FAILED = OrderFailed(ORDER, "ada", "expired")
ORDER_CANCELLED = OrderCancelled(ORDER, "ada", "too late")
BACK = RefundRequested(ORDER, "ada", "late")
REFUND = RefundPayment(ORDER, "damaged", Money(500, "EUR"))
GIVEN = Refund("r1", ID, ORDER, 500, "EUR", "damaged", "PENDING", 2_000, 2_000)
DONE = GivenBack("r1", ID, True)
UNDONE = GivenBack("r1", ID, False)
