"""Whatever is asked in whatever order, with restarts between: at most one charge per key, refunds within it,
and one story.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.services.payments.shop import FakeTime, order, sandbox
from tradewind.services.payments.provider.ledger import LedgerEntry, entries
from tradewind.services.payments.provider.port import (
    Answer,
    KeyReused,
    NoAnswer,
    ProviderDown,
    RefundTooLarge,
    State,
)
from tradewind.services.payments.provider.tokens import MANNERS

T = TypeVar("T")
KEYS = st.sampled_from(["pay-1", "pay-2", "pay-3"])
TOKENS = st.sampled_from([*MANNERS, "tok_nobody"])
AMOUNTS = st.sampled_from([0, 100, 250])
SHARES = st.sampled_from([0.0, 0.0, 0.5])
FOR_GOOD = {State.CHARGED, State.DECLINED, State.VOIDED}


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "provider.db"
        self.runner = asyncio.Runner()
        self.time = FakeTime()
        self.said: dict[str, Answer] = {}
        self.amounts: dict[str, int] = {}

    @initialize(share=SHARES)
    def begin(self, share: float) -> None:
        self.provider = sandbox(self.path, self.time, commit_inline=True, faults=share)

    def ask(self, call: Coroutine[Any, Any, T]) -> T | None:
        try:
            return self.runner.run(call)
        except (NoAnswer, ProviderDown):
            return None

    def hear(self, key: str, answer: Answer | None) -> None:
        before = self.said.get(key)
        if answer is None:
            return
        if before and before.state in FOR_GOOD:
            assert (answer.state, answer.charge_id, answer.code) == (
                before.state,
                before.charge_id,
                before.code,
            )
            assert answer.refunded >= before.refunded
        self.said[key] = answer

    @rule(key=KEYS, token=TOKENS, amount=AMOUNTS)
    def charge(self, key: str, token: str, amount: int) -> None:
        try:
            answer = self.ask(self.provider.charge(order(token, key, amount)))
        except KeyReused:
            assert self.entry(key).amount != amount
            return
        if answer and answer.code == "voided":
            assert self.entry(key).state == State.VOIDED
        else:
            self.hear(key, answer)

    @rule(key=KEYS)
    def find(self, key: str) -> None:
        self.hear(key, self.ask(self.provider.find(key)))

    @rule(key=KEYS)
    def void(self, key: str) -> None:
        answer = self.ask(self.provider.void(key))
        assert answer is None or answer.state is not State.UNKNOWN
        self.hear(key, answer)

    @rule(key=KEYS, refund=st.integers(0, 3), amount=st.sampled_from([50, 100]))
    def refund(self, key: str, refund: int, amount: int) -> None:
        try:
            self.hear(key, self.ask(self.provider.refund(key, f"{key}-refund-{refund}", amount)))
        except RefundTooLarge:
            entry = self.entry(key)
            assert amount > entry.taken - entry.refunded
        except KeyReused:
            assert self.entry(key).refunded > 0

    @rule(seconds=st.sampled_from([0.5, 1, 2, 901]))
    def wait(self, seconds: float) -> None:
        self.time.now += round(seconds * 1_000)

    @rule(share=SHARES)
    def restart(self, share: float) -> None:
        self.runner.run(self.provider.close())
        self.begin(share)

    def entry(self, key: str) -> LedgerEntry:
        found = [entry for entry in entries(self.path) if entry.key == key]
        return found[0] if found else LedgerEntry(key, 0, "", State.UNKNOWN, 0, 0, 0, 0)

    @invariant()
    def money_moves_once(self) -> None:
        for entry in entries(self.path) if self.path.exists() else ():
            charged = entry.state == State.CHARGED
            assert (entry.charges, entry.taken) == ((1, entry.amount) if charged else (0, 0))
            assert 0 <= entry.refunded <= entry.taken
            if (said := self.said.get(entry.key)) and said.state in FOR_GOOD:
                assert said.state == entry.state

    def teardown(self) -> None:
        self.runner.run(self.provider.close())
        self.runner.close()
        self.folder.cleanup()


Machine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMachine = Machine.TestCase
