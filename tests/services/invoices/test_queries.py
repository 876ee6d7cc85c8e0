"""Papers as they are answered, from a real store: to their customer and to admins, with their credit
notes.
"""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from tests.services.invoices.events import (
    CANCELLED,
    CONFIRMED,
    CREATED,
    FAILED,
    LINES,
    ORDER,
    REFUNDED,
    YEAR_2026,
)
from tests.support.memory import Memory
from tests.support.tables import create_all, keep
from tradewind.contracts.invoices import GetInvoice, GetInvoicePdf, ListInvoices
from tradewind.contracts.values import Money
from tradewind.core.model import NOBODY, Caller, Context, Refused
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.invoices import queries, storage
from tradewind.services.invoices.invoice import CreditNote, Invoice, invoice_id
from tradewind.services.invoices.series import Series
from tradewind.services.invoices.service import SERVICE

MINE, THEIRS, ADMIN = Caller("cust-1", "customer"), Caller("cust-2", "customer"), Caller("root", "admin")
DRAFT, FOREIGN, VOID, EARLY = (f"0192f0c1-0000-7000-8000-00000000000{n}" for n in (2, 3, 4, 5))
PAID = ORDER


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    memory = Memory(SERVICE)
    for heard in (
        CREATED,
        CONFIRMED,
        REFUNDED,
        replace(REFUNDED, refund_id="0192f0c3-0000-7000-8000-000000000001", amount=Money(100, "EUR")),
        replace(CREATED, order_id=DRAFT),
        replace(CREATED, order_id=FOREIGN, customer_id="cust-2"),
        replace(CONFIRMED, order_id=FOREIGN, customer_id="cust-2"),
        replace(
            REFUNDED, order_id=FOREIGN, customer_id="cust-2", refund_id="0192f0c4-0000-7000-8000-000000000001"
        ),
        replace(CREATED, order_id=VOID),
        replace(CANCELLED, order_id=VOID),
        replace(FAILED, order_id=EARLY),
    ):
        memory.tell(heard, Context(YEAR_2026))
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.INVOICES, *memory.all(Invoice))
    await keep(store, storage.NOTES, *memory.all(CreditNote))
    await keep(store, storage.SERIES, *memory.all(Series))
    yield store
    await store.close()


async def test_rows_come_back_as_they_were(store: SqliteStore) -> None:
    assert (await store.get(storage.INVOICES, invoice_id(PAID)) or Invoice("", "", "", "VOID")).lines == LINES
    assert await store.get(storage.SERIES, "CN") == Series(
        "CN", 2026, 4, (await store.get(storage.SERIES, "CN") or Series("")).last_hash
    )


async def test_an_invoice_comes_with_its_credit_notes(store: SqliteStore) -> None:
    for caller in (MINE, ADMIN):
        seen = await queries.get_invoice(store, GetInvoice(invoice_id(PAID)), caller)
        assert (seen.number, seen.status, seen.total, seen.issued_at) == (
            "INV-2026-000001",
            "PAID",
            Money(3998, "EUR"),
            "2026-01-01T00:00:00.000Z",
        )
        assert [(note.number, note.amount.amount) for note in seen.credit_notes] == [
            ("CN-2026-000001", 500),
            ("CN-2026-000002", 100),
        ]


async def test_a_draft_has_no_number_yet(store: SqliteStore) -> None:
    seen = await queries.get_invoice(store, GetInvoice(invoice_id(DRAFT)), MINE)
    assert (seen.status, seen.number, seen.issued_at, seen.hash, seen.credit_notes) == (
        "DRAFT",
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize(
    ("order", "caller"),
    [(PAID, THEIRS), (PAID, NOBODY), (FOREIGN, MINE), (EARLY, ADMIN), (EARLY, MINE), ("0" * 36, ADMIN)],
)
async def test_what_is_not_ones_own_or_not_there_is_not_found(
    store: SqliteStore, order: str, caller: Caller
) -> None:
    with pytest.raises(Refused, match="not_found"):
        await queries.get_invoice(store, GetInvoice(invoice_id(order)), caller)
    with pytest.raises(Refused, match="not_found"):
        await queries.get_pdf(store, GetInvoicePdf(invoice_id(order)), caller)
    assert (await queries.list_invoices(store, ListInvoices(order), caller)).data == []


@pytest.mark.parametrize(
    ("caller", "orders"),
    [(ADMIN, [PAID, DRAFT, FOREIGN, VOID]), (MINE, [PAID, DRAFT, VOID]), (THEIRS, [FOREIGN]), (NOBODY, [])],
)
async def test_lists_are_paged_newest_first(store: SqliteStore, caller: Caller, orders: list[str]) -> None:
    expected = sorted([invoice_id(order) for order in orders], reverse=True)
    for limit in (1, 3, 10):
        seen, cursor = [], ""
        while True:
            page = await queries.list_invoices(store, ListInvoices(limit=limit, cursor=cursor), caller)
            seen += page.data
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert [paper.id for paper in seen] == expected
        assert [len(paper.credit_notes) for paper in seen if paper.order_id == PAID] == (
            [2] if PAID in orders else []
        )
        assert [len(paper.credit_notes) for paper in seen if paper.order_id == FOREIGN] == (
            [1] if FOREIGN in orders else []
        )


async def test_the_invoice_of_an_order_is_found_by_it(store: SqliteStore) -> None:
    page = await queries.list_invoices(store, ListInvoices(PAID), MINE)
    assert ([paper.order_id for paper in page.data], page.next_cursor) == ([PAID], None)
    with pytest.raises(Refused, match="invalid_cursor"):
        await queries.list_invoices(store, ListInvoices(PAID, cursor="?"), MINE)


@pytest.mark.parametrize("order", [DRAFT, VOID])
async def test_there_is_no_pdf_before_the_invoice_is_issued(store: SqliteStore, order: str) -> None:
    with pytest.raises(Refused, match="not_issued") as refused:
        await queries.get_pdf(store, GetInvoicePdf(invoice_id(order)), MINE)
    assert refused.value.status == 409


async def test_the_pdf_is_the_invoice_with_its_credit_notes(store: SqliteStore) -> None:
    file = await queries.get_pdf(store, GetInvoicePdf(invoice_id(PAID)), MINE)
    assert file.name == "INV-2026-000001.pdf"
    assert file.content.startswith(b"%PDF-")
    text = PdfReader(BytesIO(file.content)).pages[0].extract_text()
    for words in ("INV-2026-000001", "CN-2026-000002", "39.98 EUR", "33.98 EUR", "TEA-1"):
        assert words in text
