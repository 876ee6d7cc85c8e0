"""Events come in any order and more than once: every occasion is told exactly once, and in the same words."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from tests.services.notifications.events import EVERY
from tests.support.memory import Memory
from tradewind.contracts.payments import PaymentRefunded
from tradewind.core.model import Context
from tradewind.services.notifications.domain import Heard, Notification, notice
from tradewind.services.notifications.service import SERVICE

ORDERS = [f"0192f0c1-0000-7000-8000-00000000000{n}" for n in range(3)]


class Told(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE)
        self.heard: dict[str, Heard] = {}
        self.first: dict[str, Notification] = {}
        self.at = 0

    @rule(heard=st.sampled_from(EVERY), order=st.sampled_from(ORDERS), refund=st.sampled_from(["r1", "r2"]))
    def hear(self, heard: Heard, order: str, refund: str) -> None:
        self.at += 1
        heard = replace(heard, order_id=order)
        if isinstance(heard, PaymentRefunded):
            heard = replace(heard, refund_id=refund)
        self.heard[notice(heard)] = heard
        self.memory.tell(heard, Context(self.at))
        self.first.setdefault(notice(heard), self.memory.rows[Notification][notice(heard)])

    @invariant()
    def all_is_told_once_and_stays(self) -> None:
        assert self.memory.rows[Notification] == self.first
        assert {told.id: told.order_id for told in self.memory.all(Notification)} == {
            key: h.order_id for key, h in self.heard.items()
        }


TestTold = Told.TestCase
TestTold.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
