"""Orders live their lives while events arrive in any order and more than once: papers follow, without a gap
and in one chain.
"""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from tests.services.invoices.events import CANCELLED, CONFIRMED, CREATED, FAILED, REFUNDED, YEAR_2027
from tests.support.memory import Memory
from tradewind.contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.policies import DEFAULT, Policies
from tradewind.core.model import Context
from tradewind.services.invoices.domain import Heard
from tradewind.services.invoices.invoice import CreditNote, Invoice, invoice_seal, note_id, note_seal
from tradewind.services.invoices.series import GENESIS, Series, numberings
from tradewind.services.invoices.service import invoices

LIVES: list[list[Heard]] = [
    [CREATED],
    [CREATED, FAILED],
    [CREATED, FAILED, REFUNDED],
    [CREATED, CANCELLED],
    [CREATED, CANCELLED, REFUNDED],
    [CREATED, CONFIRMED],
    [CREATED, CONFIRMED, REFUNDED, REFUNDED],
    [CREATED, CONFIRMED, CANCELLED, REFUNDED],
]


class Papers(RuleBasedStateMachine):
    policies, opened = DEFAULT, "DRAFT"

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(invoices(policies=self.policies))
        self.numberings = numberings(self.policies)
        self.on_the_way: list[Heard] = []
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        self.count, self.at = 0, YEAR_2027 - 20_000

    @rule(life=st.sampled_from(LIVES))
    def live(self, life: list[Heard]) -> None:
        self.count += 1
        order = f"0192f0c1-0000-7000-8000-{self.count:012d}"
        for number, event in enumerate(life):
            event = replace(event, order_id=order)
            if isinstance(event, PaymentRefunded):
                event = replace(event, refund_id=f"0192f0c2-0000-7000-{number:04d}-{self.count:012d}")
            self.on_the_way.append(event)

    @rule(which=st.integers(0, 1000), again=st.booleans(), later=st.integers(0, 3_000))
    def hear(self, which: int, again: bool, later: int) -> None:
        if not self.on_the_way:
            return
        event = self.on_the_way[which % len(self.on_the_way)]
        if not again:
            self.on_the_way.remove(event)
        self.at += later
        self.memory.tell(event, Context(self.at))
        self.heard[event.order_id].append(event)

    @invariant()
    def papers_are_what_was_heard_and_not_when(self) -> None:
        papers = {invoice.order_id: invoice for invoice in self.memory.all(Invoice)}
        for order, heard in self.heard.items():
            kinds = {type(event) for event in heard}
            refunds = {note_id(event.refund_id) for event in heard if isinstance(event, PaymentRefunded)}
            notes = {note.id for note in self.memory.all(CreditNote) if note.order_id == order}
            issued = {OrderCreated, OrderConfirmed} <= kinds
            assert notes == (refunds if issued else set())
            if issued:
                assert papers[order].status == "PAID"
            elif OrderCreated in kinds:
                assert papers[order].status == (
                    "VOID" if kinds & {OrderFailed, OrderCancelled} else self.opened
                )
            elif order in papers:
                assert not papers[order].lines

    @invariant()
    def numbers_have_no_gap_and_the_chain_is_whole(self) -> None:
        papers = sorted(
            [paper for paper in self.memory.all(Invoice) if paper.number],
            key=lambda paper: self.numberings["INV"].place(paper.number or ""),
        )
        self.check(
            "INV", [(i.number or "", i.previous_hash or "", i.hash or "", invoice_seal(i)) for i in papers]
        )
        notes = sorted(self.memory.all(CreditNote), key=lambda note: self.numberings["CN"].place(note.number))
        self.check("CN", [(note.number, note.previous_hash, note.hash, note_seal(note)) for note in notes])

    def check(self, name: str, chain: list[tuple[str, str, str, str]]) -> None:
        before, last = (0, 0), GENESIS
        for number, previous, sealed, recomputed in chain:
            year, count = self.numberings[name].place(number)
            assert count == (before[1] + 1 if year == before[0] else 1)
            assert (previous, sealed) == (last, recomputed)
            before, last = (year, count), sealed
        if chain:
            assert self.memory.rows[Series][name].last_hash == last


class PapersAtOnce(Papers):
    policies = Policies(invoice="created", invoice_number="{number}", invoice_reset="never")
    opened = "ISSUED"


TestPapersAtOnce = PapersAtOnce.TestCase
TestPapersAtOnce.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestPapers = Papers.TestCase
TestPapers.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
