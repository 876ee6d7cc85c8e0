"""Messages about orders come in any order and more than once: no move is illegal, and late money is asked
back exactly once.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from tests.services.orders.cases import CANCEL, EVENTS, NOW, OPEN, PAID
from tests.support.memory import Memory
from tradewind.contracts.orders import (
    CancelOrder,
    Item,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentBy,
    PlaceOrder,
    RefundRequested,
)
from tradewind.contracts.payments import PaymentCompleted
from tradewind.core.model import CancelTimer, Message, Refused
from tradewind.services.orders.domain import Entry, Order, PaymentDue
from tradewind.services.orders.service import orders

SERVICE = orders(900_000)
TEA = "0192f0c1-0000-7000-8000-0000000000aa"
LEGAL = {
    ("PENDING", "CONFIRMED"),
    ("PENDING", "FAILED"),
    ("PENDING", "CANCELLED"),
    ("CONFIRMED", "CANCELLED"),
}
MESSAGES = [*EVENTS, CANCEL]


class Orders(RuleBasedStateMachine):
    placed = Bundle("placed")

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE)
        self.memory.rows[Entry][TEA] = Entry(TEA, TEA, "TEA", "Assam", 1_999, "EUR", 1)
        self.before: dict[str, Order] = {}
        self.paid_late: set[str] = set()
        self.calmed: set[str] = set()
        self.count = 0

    @rule(target=placed, quantity=st.integers(1, 3))
    def place(self, quantity: int) -> str:
        self.count += 1
        order_id = f"0192f0c1-0000-7000-8000-{self.count:012d}"
        ask = PlaceOrder((Item(quantity, product_id=TEA),), PaymentBy("tok_ok"))
        self.memory.tell(ask, replace(NOW, new_id=order_id, at=self.count))
        return order_id

    @rule(order_id=placed, message=st.sampled_from(MESSAGES))
    def hear(self, order_id: str, message: Message) -> None:
        message = replace(message, order_id=order_id)
        before: Order = self.memory.rows[Order][order_id]
        if (
            isinstance(message, PaymentCompleted)
            and before.status in ("FAILED", "CANCELLED")
            and before.payment_status == "none"
        ):
            self.paid_late.add(order_id)
        try:
            self.memory.tell(message, NOW)
        except Refused as refused:
            only_a_cancellation_is_refused = isinstance(message, CancelOrder) and refused.detail == {
                "current": before.status
            }
            assert only_a_cancellation_is_refused
            assert self.memory.rows[Order][order_id] == before
        self.calmed |= {effect.what.key for effect in self.memory.last if isinstance(effect, CancelTimer)}

    @invariant()
    def moves_are_legal(self) -> None:
        for order in self.memory.all(Order):
            before = self.before.get(order.id, order)
            assert before.status == order.status or (before.status, order.status) in LEGAL
            assert order.version >= before.version
            self.before[order.id] = order

    @invariant()
    def a_token_is_kept_only_while_it_is_needed(self) -> None:
        assert all(
            (order.status == "PENDING") == (order.token == OPEN.token) for order in self.memory.all(Order)
        )
        assert {order.token for order in self.memory.all(Order)} <= {OPEN.token, ""}

    @invariant()
    def every_end_is_told_once(self) -> None:
        ends = [
            event.order_id for event in self.memory.said if isinstance(event, OrderConfirmed | OrderFailed)
        ]
        assert len(ends) == len(set(ends))
        assert self.calmed == {order.id for order in self.memory.all(Order) if order.status != "PENDING"}
        created = [event.order_id for event in self.memory.said if isinstance(event, OrderCreated)]
        assert created == [order.id for order in self.memory.all(Order)]

    @invariant()
    def late_money_is_asked_back_exactly_once(self) -> None:
        asked = [event.order_id for event in self.memory.said if isinstance(event, RefundRequested)]
        assert sorted(asked) == sorted(self.paid_late)

    @invariant()
    def a_failure_has_its_reason(self) -> None:
        assert all(
            (order.failure is not None) == (order.status == "FAILED") for order in self.memory.all(Order)
        )


def test_the_deadline_is_the_orders_own() -> None:
    assert PaymentDue(PAID.order_id).key == PAID.order_id


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
