"""The numbers and the chain: a year starts at one, the chain goes on, and anyone can check a seal from what
the API answers.
"""

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.services.invoices.events import CONFIRMED, CREATED, REFUNDED, YEAR_2026, YEAR_2027
from tests.support.memory import Memory
from tradewind.contracts.policies import DEFAULT, Policies
from tradewind.core.model import Context
from tradewind.services.invoices.invoice import CreditNote, Invoice, invoice_seal
from tradewind.services.invoices.queries import view
from tradewind.services.invoices.series import INVOICES, Numbering, Series, numberings
from tradewind.services.invoices.service import SERVICE

YEARLY = numberings(DEFAULT)[INVOICES]


def test_a_year_starts_at_one_and_the_chain_goes_on() -> None:
    last = Series("INV", 2026, 1042, "c" * 64)
    assert last.on(Context(YEAR_2027 - 1), YEARLY) == last
    assert last.on(Context(YEAR_2027), YEARLY) == Series("INV", 2027, 1, "c" * 64)


def test_a_series_that_is_never_reset_goes_on_in_a_new_year() -> None:
    last = Series("INV", 2026, 1042, "c" * 64)
    assert last.on(Context(YEAR_2027), Numbering("{number}", False)) == Series("INV", 2027, 1042, "c" * 64)


def test_a_clock_that_was_set_back_opens_no_old_year() -> None:
    book = Series("INV", 2027, 5)
    assert book.on(Context(YEAR_2026), YEARLY) == book


def test_places_are_in_order_past_a_million() -> None:
    numbers = [YEARLY.text(2026, count) for count in (1, 999_999, 1_000_000)]
    assert numbers == ["INV-2026-000001", "INV-2026-999999", "INV-2026-1000000"]
    assert [YEARLY.place(number) for number in numbers] == [(2026, 1), (2026, 999_999), (2026, 1_000_000)]


@pytest.mark.parametrize(
    ("form", "reset", "text", "place"),
    [
        ("{number}", "never", "42", (0, 42)),
        ("R{year}{number:04d}", "yearly", "R20260042", (2026, 42)),
        ("R{year}{number:04d}", "never", "R20260042", (0, 42)),
        ("({number:03d})/{year}", "yearly", "(042)/2026", (2026, 42)),
    ],
)
def test_a_number_has_the_form_of_the_policy(form: str, reset: Any, text: str, place: object) -> None:
    numbering = numberings(Policies(invoice_number=form, invoice_reset=reset))[INVOICES]
    assert numbering.text(2026, 42) == text
    assert numbering.place(text) == place
    with pytest.raises(ValueError, match="not of the form"):
        numbering.place(f"X{text}")


def sealed(previous: str, facts: dict[str, object]) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256((previous + text).encode()).hexdigest()


def test_anyone_can_check_the_seals_from_the_api() -> None:
    memory = Memory(SERVICE)
    for heard in (CREATED, CONFIRMED, REFUNDED):
        memory.tell(heard, Context(YEAR_2026 + 123))
    (invoice,), notes = memory.all(Invoice), memory.all(CreditNote)
    seen = json.loads(msgspec.json.encode(view(invoice, notes)))
    note = seen["creditNotes"][0]
    assert seen["hash"] == sealed(
        seen["previousHash"],
        {name: seen[name] for name in ("number", "orderId", "lines", "total", "issuedAt")},
    )
    facts = {name: note[name] for name in ("number", "amount", "reason", "issuedAt")} | {
        "invoiceNumber": seen["number"]
    }
    assert note["hash"] == sealed(note["previousHash"], facts)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "INV-2026-000002"},
        {"order_id": "x"},
        {"lines": ()},
        {"total": 1},
        {"currency": "USD"},
        {"issued_at": 1},
    ],
)
def test_a_changed_invoice_breaks_its_seal(change: dict[str, object]) -> None:
    invoice = Invoice(
        "i", "o", "c", "PAID", CREATED.lines, 3998, "EUR", "INV-2026-000001", YEAR_2026, "0" * 64
    )
    assert invoice_seal(replace(invoice, **change)) != invoice_seal(invoice)
