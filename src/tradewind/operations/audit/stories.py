"""Collects the rows of each order from all services, a window of orders at a time, so that a million of them
fit in little memory.

Every id that is derived from an order's begins with the order's millisecond. So a range of ids selects the
same orders from every table by its primary key, and from the provider's ledger, whose keys are the ids of
payments.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

from ...core.model import Table
from ...core.schema import codec
from ...services.invoices.invoice import CreditNote, Invoice
from ...services.invoices.storage import INVOICES, NOTES
from ...services.payments.provider.ledger import LedgerEntry
from . import rows
from .findings import Broken, Promise

WINDOW = 2_000
TOP = "z"  # a letter: in many collations of PostgreSQL a sign like ~ sorts before digits
MILLISECOND = 13  # so many characters of a UUIDv7 are its time


class Story:
    """The rows of one order in every service. `order` is None where other services have rows of an order that
    does not exist.
    """

    __slots__ = (
        "charges",
        "due",
        "hold",
        "id",
        "invoices",
        "notes",
        "order",
        "payments",
        "refunds",
        "said",
        "told",
    )

    def __init__(self, order_id: str) -> None:
        self.id = order_id
        self.order: rows.OrderRow | None = None
        self.hold: rows.Hold | None = None
        self.payments: list[rows.PaymentRow] = []
        self.refunds: list[rows.RefundRow] = []
        self.invoices: list[Invoice] = []
        self.notes: list[CreditNote] = []
        self.told: list[rows.Told] = []
        self.said: list[rows.Said] = []
        self.charges: dict[str, LedgerEntry] = {}
        self.due = False

    def broken(self, why: str) -> Broken:
        return Broken(self.id, why)


class Window:
    """The stories of a range of ids. `strays` belong to no order of the range of their own id."""

    def __init__(self, after: str, upto: str) -> None:
        self.after, self.upto = after, upto
        self.stories: dict[str, Story] = {}
        self.strays: dict[Promise, list[Broken]] = {Promise.MONEY: [], Promise.WHOLE: [], Promise.PAPERS: []}
        self._by_paper: dict[str, Story] = {}

    def of(self, order_id: str) -> Story:
        found = self.stories.get(order_id)
        if found is None:
            found = self.stories[order_id] = Story(order_id)
        return found

    def owner(self, promise: Promise, row_id: str, order_id: str) -> Story | None:
        """The story that a row with an order's id is of."""
        if self.after < order_id <= self.upto:
            story = self._by_paper[row_id] = self.of(order_id)
            return story
        self.strays[promise].append(
            Broken(row_id, f"says that it is of order {order_id}, and its id does not come from there")
        )
        return None

    def following(self, promise: Promise, row_id: str, paper_id: str, what: str) -> Story | None:
        """The story that a row of a payment or an invoice is of."""
        story = self._by_paper.get(paper_id)
        if story is None:
            self.strays[promise].append(Broken(row_id, what))
        return story


class Ledger:
    """The provider's entries, taken as far as a window goes. The first is read at once, which makes the
    snapshot.
    """

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self._entries = iter(entries)
        self._next = next(self._entries, None)

    def upto(self, key: str) -> list[LedgerEntry]:
        taken = []
        while self._next is not None and self._next.key <= key:
            taken.append(self._next)
            self._next = next(self._entries, None)
        return taken


async def windows(source: rows.Rows, ledger: Ledger) -> AsyncIterator[Window]:
    """All orders, oldest first."""
    after, upto = "", ""
    while upto != TOP:
        ends = [
            row[0]
            for statement in rows.ENDS
            for row in await source.rows(statement, {"after": after, "n": WINDOW})
        ]
        upto = min(ends)[:MILLISECOND] + TOP if ends else TOP
        yield await _read(source, ledger, Window(after, upto))
        after = upto


async def _read(source: rows.Rows, ledger: Ledger, window: Window) -> Window:
    span = {"after": window.after, "upto": window.upto}
    for row in await source.rows(rows.ORDERS_IN, span):
        window.of(row[0]).order = rows.OrderRow(*row)
    for row in await source.rows(rows.HOLDS_IN, span):
        window.of(row[0]).hold = rows.Hold(*row)
    for row in await source.rows(rows.SAID_IN, span):
        window.of(row[0]).said.append(rows.Said(*row))
    for row in await source.rows(rows.PAYMENTS_IN, span):
        if story := window.owner(Promise.MONEY, row[0], row[1]):
            story.payments.append(rows.PaymentRow(*row))
    for row in await source.rows(rows.REFUNDS_IN, span):
        if story := window.following(Promise.MONEY, row[0], row[1], "a refund of no payment"):
            story.refunds.append(rows.RefundRow(*row))
    for entry in ledger.upto(window.upto):
        moved = entry.charges or entry.refunded
        if moved and (
            story := window.following(
                Promise.MONEY, entry.key, entry.key, "charged, and there is no such payment"
            )
        ):
            story.charges[entry.key] = entry
    for row in await source.rows(rows.TOLD_IN, span):
        if story := window.owner(Promise.WHOLE, row[0], row[1]):
            story.told.append(rows.Told(*row))
    await _papers(source, window, span)
    for (timer,) in await source.rows(
        rows.DUE_IN, {"after": rows.TIMER + window.after, "upto": rows.TIMER + window.upto}
    ):
        window.of(timer.removeprefix(rows.TIMER)).due = True
    return window


async def _papers(source: rows.Rows, window: Window, span: dict[str, str]) -> None:
    for row in await source.rows(rows.INVOICES_IN, span):
        invoice = _decoded(INVOICES, row, window)
        if invoice is not None and (story := window.owner(Promise.WHOLE, invoice.id, invoice.order_id)):
            story.invoices.append(invoice)
    for row in await source.rows(rows.NOTES_IN, span):
        note = _decoded(NOTES, row, window)
        if note is not None and (
            story := window.following(Promise.WHOLE, note.id, note.invoice_id, "a credit note of no invoice")
        ):
            story.notes.append(note)


def _decoded(table: Table[Any], row: tuple[Any, ...], window: Window) -> Any:
    try:
        return codec(table).from_row(row)
    except msgspec.MsgspecError as error:
        window.strays[Promise.PAPERS].append(Broken(row[0], f"cannot be read: {error}"))
        return None
