"""What papers an order gets: the next number and a seal when it is confirmed, a credit note for a refund, and
nothing twice.
"""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from tests.services.invoices.events import (
    CANCELLED,
    CONFIRMED,
    CREATED,
    EVERY,
    FAILED,
    LINES,
    ORDER,
    REFUND,
    REFUNDED,
    YEAR_2026,
)
from tests.support.memory import Memory
from tradewind.contracts.invoices import CreditNoteIssued, InvoiceIssued
from tradewind.contracts.policies import DEFAULT, Policies
from tradewind.contracts.values import Money
from tradewind.core.clock import derived
from tradewind.core.model import Context, settle
from tradewind.services.invoices.domain import Heard, Invoicing
from tradewind.services.invoices.invoice import CreditNote, Invoice, Owed, invoice_seal, note_seal
from tradewind.services.invoices.series import GENESIS, Series
from tradewind.services.invoices.service import SERVICE, invoices

NOW = Context(YEAR_2026)
RULES = Invoicing(DEFAULT)
draft, issue, void, credit = RULES.draft, RULES.confirm, RULES.void, RULES.credit
ID = derived(ORDER, "invoice")
DRAFT = Invoice(ID, ORDER, "cust-1", "DRAFT", LINES, 3998, "EUR", created_at=YEAR_2026)
VOID = replace(DRAFT, status="VOID")
BOOKS = {"INV": Series("INV", 2026, 7, "a" * 64), "CN": Series("CN", 2026, 3, "b" * 64)}
PAID = replace(DRAFT, status="PAID", number="INV-2026-000007", issued_at=YEAR_2026, previous_hash="a" * 64)
PAID = replace(PAID, hash=invoice_seal(PAID))
NOTE = CreditNote(
    derived(REFUND, "credit-note"),
    ID,
    ORDER,
    "cust-1",
    "CN-2026-000003",
    "INV-2026-000007",
    500,
    "EUR",
    "damaged",
    YEAR_2026,
    "b" * 64,
)
NOTE = replace(NOTE, hash=note_seal(NOTE))
OWED = Owed(REFUND, Money(500, "EUR"), "damaged")


def test_an_order_gets_a_draft_without_a_number() -> None:
    assert settle(draft(CREATED, NOW, None, {})) == ([DRAFT], None)


def test_a_confirmed_order_gets_the_next_number_and_a_seal() -> None:
    effects, _ = settle(issue(CONFIRMED, NOW, DRAFT, BOOKS))
    assert effects == [
        PAID,
        Series("INV", 2026, 8, PAID.hash or ""),
        InvoiceIssued(ORDER, ID, "INV-2026-000007"),
    ]


def test_the_first_invoice_of_all_has_number_one() -> None:
    effects, _ = settle(issue(CONFIRMED, NOW, DRAFT, {}))
    assert isinstance(effects[0], Invoice)
    assert (effects[0].number, effects[0].previous_hash) == ("INV-2026-000001", GENESIS)


@pytest.mark.parametrize("heard", [FAILED, CANCELLED])
def test_an_order_that_falls_leaves_a_void_draft(heard: Heard) -> None:
    assert settle(SERVICE.rules[type(heard)].do(heard, NOW, DRAFT)) == ([VOID], None)
    assert settle(SERVICE.rules[type(heard)].do(heard, NOW, PAID)) == ([], None)


def test_a_fall_that_is_heard_first_stays() -> None:
    effects, _ = settle(void(FAILED, NOW, None))
    assert effects == [Invoice(ID, ORDER, "cust-1", "VOID", created_at=YEAR_2026)]
    assert settle(draft(CREATED, NOW, Invoice(ID, ORDER, "cust-1", "VOID", created_at=YEAR_2026), {})) == (
        [VOID],
        None,
    )


def test_a_refund_gets_a_credit_note_of_its_own_series() -> None:
    effects, _ = settle(credit(REFUNDED, NOW, PAID, None, BOOKS))
    assert effects == [
        NOTE,
        CreditNoteIssued(ORDER, ID, "CN-2026-000003", Money(500, "EUR")),
        Series("CN", 2026, 4, NOTE.hash),
    ]


def test_a_refund_that_is_heard_first_waits_for_its_invoice() -> None:
    effects, _ = settle(credit(REFUNDED, NOW, DRAFT, None, BOOKS))
    waiting = replace(DRAFT, waiting=(OWED,))
    assert effects == [waiting]
    assert settle(credit(REFUNDED, NOW, waiting, None, BOOKS)) == ([], None)
    effects, _ = settle(issue(CONFIRMED, NOW, waiting, BOOKS))
    assert effects[0] == PAID
    assert NOTE in effects


def test_a_confirmation_that_is_heard_first_waits_for_its_order() -> None:
    effects, _ = settle(issue(CONFIRMED, NOW, None, BOOKS))
    early = Invoice(ID, ORDER, "cust-1", "CONFIRMED", created_at=YEAR_2026)
    assert effects == [early]
    assert settle(void(CANCELLED, NOW, early)) == ([], None)
    assert settle(draft(CREATED, NOW, early, BOOKS))[0][0] == PAID


STATES = [None, DRAFT, VOID, PAID, Invoice(ID, ORDER, "cust-1", "CONFIRMED"), replace(VOID, waiting=(OWED,))]


@pytest.mark.parametrize(("heard", "state"), list(itertools.product(EVERY, STATES)))
def test_every_event_is_decided_in_every_state_and_once(heard: Heard, state: Invoice | None) -> None:
    memory = Memory(SERVICE)
    if state is not None:
        memory.rows[Invoice][ID] = state
    memory.tell(heard, NOW)
    rows, said = {kind: dict(rows) for kind, rows in memory.rows.items()}, list(memory.said)
    memory.tell(heard, replace(NOW, at=NOW.at + 1))
    assert (memory.rows, memory.said) == (rows, said)


@pytest.mark.parametrize(
    "order", list(itertools.permutations([CREATED, CONFIRMED, CANCELLED, REFUNDED])), ids=lambda _: ""
)
def test_the_order_of_arrival_changes_nothing(order: tuple[Heard, ...]) -> None:
    memory = Memory(SERVICE)
    for heard in order:
        memory.tell(heard, NOW)
    assert [(paper.status, paper.number, paper.lines, paper.waiting) for paper in memory.all(Invoice)] == [
        ("PAID", "INV-2026-000001", LINES, ())
    ]
    assert [(note.number, note.amount, note.invoice_number) for note in memory.all(CreditNote)] == [
        ("CN-2026-000001", 500, "INV-2026-000001")
    ]
    assert sorted(type(event).__name__ for event in memory.said) == ["CreditNoteIssued", "InvoiceIssued"]


# -- issued when the order is created ----------------------------------------------------------------------

AT_ONCE = Policies(invoice="created", invoice_number="{number}", invoice_reset="never")


def test_an_order_gets_its_number_when_it_is_created() -> None:
    effects, _ = settle(Invoicing(AT_ONCE).draft(CREATED, NOW, None, {}))
    invoice, series, said = effects
    assert isinstance(invoice, Invoice)
    assert (invoice.status, invoice.number, invoice.lines) == ("ISSUED", "1", LINES)
    assert series == Series("INV", 2026, 2, invoice.hash or "")
    assert said == InvoiceIssued(ORDER, ID, "1")


@pytest.mark.parametrize(
    "order", list(itertools.permutations([CREATED, CONFIRMED, CANCELLED, REFUNDED])), ids=lambda _: ""
)
def test_issued_at_once_the_order_of_arrival_changes_nothing_either(order: tuple[Heard, ...]) -> None:
    memory = Memory(invoices(policies=AT_ONCE))
    for heard in order:
        memory.tell(heard, NOW)
        memory.tell(heard, NOW)
    assert [(paper.status, paper.number, paper.lines, paper.waiting) for paper in memory.all(Invoice)] == [
        ("PAID", "1", LINES, ())
    ]
    assert [(note.number, note.invoice_number) for note in memory.all(CreditNote)] == [
        ("CN-2026-000001", "1")
    ]
    assert sorted(type(event).__name__ for event in memory.said) == ["CreditNoteIssued", "InvoiceIssued"]


@pytest.mark.parametrize("heard", [FAILED, CANCELLED])
def test_an_issued_invoice_of_a_fallen_order_is_void_and_keeps_its_number(heard: Heard) -> None:
    memory = Memory(invoices(policies=AT_ONCE))
    for message in (CREATED, heard):
        memory.tell(message, NOW)
    assert [(paper.status, paper.number) for paper in memory.all(Invoice)] == [("VOID", "1")]
