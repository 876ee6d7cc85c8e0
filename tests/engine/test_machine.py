"""Whatever happens to store, process, clock and handlers, in whatever order: all that was accepted is heard
exactly once and in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.engine.hospital import DELAYS, Answered, Hospital, Store, bounds, create
from tests.engine.hospital_messages import Admit, Note, Remind, Scan, Throw, Weigh
from tests.engine.hospital_services import PATIENTS, Patient
from tradewind.core.model import Request
from tradewind.engine import activities, subscriptions
from tradewind.engine import batch_policy as batch_policy

pytestmark = pytest.mark.slow

T = TypeVar("T")
LONG = 10**9
NAMES = ("ann", "bob", "eve")
PATIENT = st.sampled_from(NAMES)
TROUBLE = st.sampled_from(["begins_fail", "commits_fail", "commits_unknown"])


class Days(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = Store()
        self.told: dict[str, tuple[Request, list[Answered]]] = {}
        self.count = 0
        logging.disable(logging.CRITICAL)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(
        rush=st.sampled_from([1, 3, 24]),
        tail=st.sampled_from([1, 5_000]),
        batch=st.sampled_from([1, 2, 256]),
        keep=st.sampled_from([2_000, LONG]),
    )
    def open(self, rush: int, tail: int, batch: int, keep: int) -> None:
        self.keep = keep
        self.tight = [
            bounds(batch_policy, RUSH=rush, WAITING=batch, SLICE=batch),
            bounds(subscriptions, TAIL=tail),
        ]
        for bound in self.tight:
            bound.__enter__()
        self.run(self.store.open())
        create(self.store)
        self.hospital = self.run(self.begin())
        for name in NAMES:
            self.tell(Admit(name))

    async def begin(self) -> Hospital:
        hospital = Hospital(self.store)
        hospital.retention_ms = self.keep
        hospital.open()
        return hospital

    def tell(self, message: Request, claim: str = "") -> None:
        async def submit() -> Answered:
            return self.hospital.tell(message, claim=claim)

        self.count += 1
        claim = claim or f"claim {self.count}"
        self.told.setdefault(claim, (message, []))[1].append(self.run(submit()))

    # -- what people do
    # -----------------------------------------------------------------------------------------------

    @rule(name=PATIENT, fails=st.sampled_from([0, 0, 0, 1, 2]))
    def note(self, name: str, fails: int) -> None:
        text = f"note {self.count}"
        self.hospital.script.fails[text] = fails
        self.tell(Note(name, text))

    @rule(name=PATIENT, kilos=st.sampled_from([-1, 70]))
    def weigh(self, name: str, kilos: int) -> None:
        self.tell(Weigh(name, kilos))

    @rule(name=PATIENT)
    def scan(self, name: str) -> None:
        self.tell(Scan(f"scan {name} {self.count}"))

    @rule(name=PATIENT, ms=st.integers(0, 3_000))
    def remind(self, name: str, ms: int) -> None:
        self.tell(Remind(f"visit {name} {self.count}", self.hospital.clock.at + ms))

    @rule(left=st.integers(1, 5))
    def throw(self, left: int) -> None:
        self.tell(Throw(f"ball {self.count}", left))

    @rule(which=st.integers(0, 1_000))
    def ask_again(self, which: int) -> None:
        if self.keep == LONG:  # else what a claim got may be forgotten
            claim = list(self.told)[which % len(self.told)]
            self.tell(self.told[claim][0], claim)

    # -- what happens to the hospital
    # ------------------------------------------------------------------------------------

    @rule(steps=st.integers(1, 4))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self.run(self.hospital.step())

    @rule(trouble=TROUBLE, times=st.integers(1, 2))
    def trouble(self, trouble: str, times: int) -> None:
        setattr(self.store, trouble, times)

    @rule()
    def die(self) -> None:
        self.run(self.hospital.restart())

    @rule(ms=st.sampled_from([10, 100, 1_000, 5_000]))
    def wait(self, ms: int) -> None:
        self.hospital.clock.at += ms

    @rule()
    def sweep(self) -> None:
        self.run(self.hospital.platform._retention.sweep())

    # -- what always holds
    # --------------------------------------------------------------------------------------------

    async def accepted(self, name: str) -> tuple[str, ...]:
        patient: Patient | None = await self.store.get(PATIENTS, name)
        return () if patient is None else ("admitted", *patient.notes)

    @invariant()
    def what_is_heard_was_accepted_in_this_order(self) -> None:
        for name in NAMES:
            accepted, heard = self.run(self.accepted(name)), self.run(self.hospital.heard(name))
            assert heard == accepted[: len(heard)]

    def teardown(self) -> None:
        try:
            if hasattr(self, "hospital"):
                self.run(self.end())
        finally:
            if hasattr(self, "hospital"):
                self.run(self.close())
            self.runner.close()
            logging.disable(logging.NOTSET)

    async def end(self) -> None:
        self.store.begins_fail = self.store.commits_fail = self.store.commits_unknown = 0
        for claim, (message, answers) in self.told.items():  # what a client does that was not answered
            if self.keep == LONG:
                answers.append(self.hospital.tell(message, claim=claim))
        await self.hospital.quiet()
        await self.hospital.later(max(*DELAYS, activities.CAP_MS))
        for _ in range(2 * self.count):
            if await self.hospital.parked():  # those of one patient fail one after the other
                await self.hospital.later(max(DELAYS))
        for message, answers in self.told.values() if self.keep == LONG else ():
            replies = {
                (a.reply.status, a.reply.body)
                for a in answers
                if a.reply is not None and a.reply.status not in (500, 503)
            }
            # a row that the store refuses may be mended by the next message of its batch
            assert len(replies) == 1 or (not replies and message == Weigh(message.key, -1)), (
                message,
                replies,
            )
        for name in NAMES:
            assert await self.hospital.heard(name) == await self.accepted(name)
        for message, _ in self.told.values() if self.keep == LONG else ():
            heard = await self.hospital.heard(message.key)
            if isinstance(message, Scan):
                assert heard == ("seen hand",)
            elif isinstance(message, Throw):
                assert heard == tuple(f"ball {left}" for left in reversed(range(message.left)))
            elif isinstance(message, Remind):
                assert len(heard) == 1
        assert [self.hospital.count(f"desk_{kind}") for kind in ("timers", "activities")] == [0, 0]
        assert await self.hospital.parked() == []

    async def close(self) -> None:
        for bound in self.tight:
            bound.__exit__(None, None, None)
        await self.hospital.platform.runner.stop()
        await self.store.close()


TestDays = Days.TestCase
TestDays.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
