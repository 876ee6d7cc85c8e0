"""Orders, people and the provider speak in any order and more than once: money is taken at most once, and
never goes back beyond it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from msgspec.structs import replace

from tests.services.payments.cases import (
    ASKED,
    BACK,
    CHARGED,
    CHECK,
    DECLINED,
    NOW,
    ORDER_CANCELLED,
    ORDER_FAILED,
    REFUND,
    REPORTED,
    STOPPED,
    WAITING,
)
from tests.support.memory import Memory
from tradewind.contracts.payments import PaymentCompleted, PaymentRefunded
from tradewind.contracts.values import Money
from tradewind.core.clock import derived
from tradewind.core.model import Activity, Message, Outcome, Refused
from tradewind.services.payments.domain import Charge, GiveBack, GivenBack, Payment, Refund
from tradewind.services.payments.service import payments

SERVICE = payments(None)  # type: ignore[arg-type]
ORDERS = [f"0192f0c1-0000-7000-8000-{n:012d}" for n in range(3)]
LEGAL = {
    ("PENDING", "COMPLETED"),
    ("PENDING", "FAILED"),
    ("PENDING", "VOIDED"),
    ("VOIDED", "COMPLETED"),
    ("FAILED", "COMPLETED"),
    ("COMPLETED", "PARTIALLY_REFUNDED"),
    ("COMPLETED", "REFUNDED"),
    ("PARTIALLY_REFUNDED", "REFUNDED"),
}
OF_ORDERS = [ASKED, ORDER_FAILED, ORDER_CANCELLED, BACK]
OF_PROVIDER = [CHARGED, DECLINED, WAITING, STOPPED, CHECK, REPORTED]


class Payments(RuleBasedStateMachine):
    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE)
        self.before: dict[str, Payment] = {}
        self.calls: dict[type[Activity], list[Any]] = defaultdict(list)
        self.count = 0

    def tell(self, message: Message) -> None:
        self.count += 1
        self.memory.tell(message, replace(NOW, new_id=f"id-{self.count}", at=self.count))
        for effect in self.memory.last:
            if isinstance(effect, Activity):
                self.calls[type(effect)].append(effect)

    def payment(self, order_id: str) -> Payment | None:
        return self.memory.rows[Payment].get(derived(order_id, "payment"))

    @rule(target=refunds, order_id=st.sampled_from(ORDERS), message=st.sampled_from(OF_ORDERS))
    def hear_orders(self, order_id: str, message: Message) -> Any:
        before = len(self.calls[GiveBack])
        if message is BACK and self.payment(order_id) is None:
            return multiple()  # orders asks for money back that it has heard of
        self.tell(replace(message, order_id=order_id))
        return multiple(*self.calls[GiveBack][before:])

    @rule(order_id=st.sampled_from(ORDERS), message=st.sampled_from(OF_PROVIDER))
    def hear_provider(self, order_id: str, message: Message) -> None:
        if self.payment(order_id) is not None or message is REPORTED:
            self.tell(replace(message, payment_id=derived(order_id, "payment")))
        payment = self.payment(order_id)
        assert message is not CHARGED or payment is None or payment.charge_id

    @rule(target=refunds, order_id=st.sampled_from(ORDERS), amount=st.integers(0, 2_500) | st.none())
    def ask_for_a_refund(self, order_id: str, amount: int | None) -> Any:
        before, payment = len(self.calls[GiveBack]), self.payment(order_id)
        try:
            self.tell(
                replace(REFUND, order_id=order_id, amount=None if amount is None else Money(amount, "EUR"))
            )
        except Refused:
            paid = (
                payment is not None
                and payment.status in ("COMPLETED", "PARTIALLY_REFUNDED")
                and payment.left > 0
            )
            may = paid and payment is not None and (amount is None or 0 < amount <= payment.left)
            assert not may
        return multiple(*self.calls[GiveBack][before:])

    @rule(call=refunds, done=st.booleans())
    def hear_of_a_refund(self, call: GiveBack, done: bool) -> None:
        """Also a second time, and with another end."""
        self.tell(GivenBack(call.refund_id, call.payment_id, done))

    @invariant()
    def moves_are_legal(self) -> None:
        for payment in self.memory.all(Payment):
            before = self.before.get(payment.id, payment)
            assert before.status == payment.status or (before.status, payment.status) in LEGAL
            assert payment.refunded >= before.refunded and payment.amount == before.amount
            assert (payment.status == "PENDING") == (payment.token != "")
            self.before[payment.id] = payment

    @invariant()
    def no_more_goes_back_than_came(self) -> None:
        for payment in self.memory.all(Payment):
            refunds = [refund for refund in self.memory.all(Refund) if refund.payment_id == payment.id]
            assert payment.refunded == sum(
                refund.amount for refund in refunds if refund.status == "SUCCEEDED"
            )
            assert payment.refunding == sum(refund.amount for refund in refunds if refund.status == "PENDING")
            assert 0 <= payment.refunded + payment.refunding <= payment.amount
            assert (payment.status == "REFUNDED") == (payment.refunded == payment.amount)
            assert (payment.status == "PARTIALLY_REFUNDED") == (0 < payment.refunded < payment.amount)
            assert not refunds or payment.charge_id

    @invariant()
    def everything_is_told_once(self) -> None:
        completed = [event.order_id for event in self.memory.said if isinstance(event, PaymentCompleted)]
        assert len(completed) == len(set(completed))
        assert set(completed) == {
            payment.order_id for payment in self.memory.all(Payment) if payment.charge_id
        }
        told = [event.refund_id for event in self.memory.said if isinstance(event, PaymentRefunded)]
        assert sorted(told) == sorted(
            refund.id for refund in self.memory.all(Refund) if refund.status == "SUCCEEDED"
        )

    @invariant()
    def the_provider_is_told_once(self) -> None:
        charged = [call.payment_id for call in self.calls[Charge]]
        assert sorted(charged) == sorted(payment.id for payment in self.memory.all(Payment))
        assert sorted(call.refund_id for call in self.calls[GiveBack]) == sorted(
            refund.id for refund in self.memory.all(Refund)
        )


def test_an_outcome_is_about_a_payment() -> None:
    assert all(issubclass(type(message), Outcome) for message in (CHARGED, GivenBack("r", "p", True)))


TestPayments = Payments.TestCase
TestPayments.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
