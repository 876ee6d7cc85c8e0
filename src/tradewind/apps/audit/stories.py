"""Puts together all that the shop keeps of each order, a window of orders at a time, so that a million of them fit in little memory.

Every id that is derived from an order's begins with the order's millisecond. So a range of ids cuts the same orders out of every table
by its primary key, and out of the provider's ledger, whose keys are the ids of payments.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from ...chassis.model import Table, wire_name
from ...chassis.paging import TOP
from ...chassis.store.schema import codec
from ...services.inventory.storage import RESERVATIONS
from ...services.invoices.invoice import CreditNote, Invoice
from ...services.invoices.storage import INVOICES, NOTES
from ...services.notifications.storage import NOTIFICATIONS
from ...services.orders.domain import PaymentDue
from ...services.orders.storage import LEDGERS, ORDERS
from ...services.payments.provider.ledger import LedgerEntry
from ...services.payments.storage import PAYMENTS, REFUNDS
from .findings import Broken, Promise

WINDOW = 2_000
MILLISECOND = 13  # so many characters of a UUIDv7 are its time
TIMER = f"{wire_name(PaymentDue)}:"


class Rows(Protocol):
    """Where rows are read: a snapshot, a transaction, or a store that nobody writes to meanwhile."""

    async def rows(self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]: ...


class OrderRow(msgspec.Struct, frozen=True):
    id: str
    status: str
    payment_status: str
    customer_id: str
    items: str
    total: int
    currency: str
    version: int
    created_at: int
    updated_at: int


class Hold(msgspec.Struct, frozen=True):
    id: str
    status: str
    items: str


class PaymentRow(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    customer_id: str
    amount: int
    currency: str
    refunded: int
    refunding: int
    status: str
    updated_at: int


class RefundRow(msgspec.Struct, frozen=True):
    id: str
    payment_id: str
    amount: int
    status: str


class Told(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    template: str


class Said(msgspec.Struct, frozen=True):
    """An event of orders, in the log's order."""

    key: str
    seq: int
    name: str


class Story:
    """One order as every service keeps it. `order` is None where the others speak of an order that is not there."""

    __slots__ = ("charges", "due", "hold", "id", "invoices", "notes", "order", "payments", "refunds", "said", "settled", "told")

    def __init__(self, order_id: str) -> None:
        self.id = order_id
        self.order: OrderRow | None = None
        self.hold: Hold | None = None
        self.payments: list[PaymentRow] = []
        self.refunds: list[RefundRow] = []
        self.invoices: list[Invoice] = []
        self.notes: list[CreditNote] = []
        self.told: list[Told] = []
        self.said: list[Said] = []
        self.charges: dict[str, LedgerEntry] = {}
        self.due = False
        self.settled = False

    def broken(self, why: str) -> Broken:
        return Broken(self.id, why)


class Window:
    """The stories of a range of ids. `strays` belong to no order of the range that their own id lies in."""

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
        self.strays[promise].append(Broken(row_id, f"says that it is of order {order_id}, and its id does not come from there"))
        return None

    def following(self, promise: Promise, row_id: str, paper_id: str, what: str) -> Story | None:
        """The story that a row of a payment or an invoice is of."""
        story = self._by_paper.get(paper_id)
        if story is None:
            self.strays[promise].append(Broken(row_id, what))
        return story


def _range(table: sa.Table, kind: type[msgspec.Struct], key: str) -> sa.Select[Any]:
    return _within(sa.select(*[table.c[name] for name in kind.__struct_fields__]), table.c[key])


def _within(statement: sa.Select[Any], key: sa.Column[Any]) -> sa.Select[Any]:
    return statement.where(key > sa.bindparam("after"), key <= sa.bindparam("upto"))


def _end(key: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(key).where(key > sa.bindparam("after")).order_by(key).limit(1).offset(sa.bindparam("n", type_=sa.Integer))


_ORDERS = _range(ORDERS.rows, OrderRow, "id")
_HOLDS = _range(RESERVATIONS.rows, Hold, "id")
_PAYMENTS = _range(PAYMENTS.rows, PaymentRow, "id")
_REFUNDS = _range(REFUNDS.rows, RefundRow, "payment_id")
_TOLD = _range(NOTIFICATIONS.rows, Told, "id")
_SAID = _range(LEDGERS.log, Said, "key")
_INVOICES = _within(sa.select(INVOICES.rows), INVOICES.rows.c.id)
_NOTES = _within(sa.select(NOTES.rows), NOTES.rows.c.invoice_id)
_DUE = _within(sa.select(LEDGERS.timers.c.id), LEDGERS.timers.c.id)
_ENDS = [_end(column) for column in (ORDERS.rows.c.id, RESERVATIONS.rows.c.id, PAYMENTS.rows.c.id, INVOICES.rows.c.id, LEDGERS.log.c.key)]


class Ledger:
    """The provider's entries, taken as far as a window goes. The first is read at once, which fixes the moment of them all."""

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self._entries = iter(entries)
        self._next = next(self._entries, None)

    def upto(self, key: str) -> list[LedgerEntry]:
        taken = []
        while self._next is not None and self._next.key <= key:
            taken.append(self._next)
            self._next = next(self._entries, None)
        return taken


async def windows(source: Rows, ledger: Ledger) -> AsyncIterator[Window]:
    """All orders, oldest first."""
    after, upto = "", ""
    while upto != TOP:
        ends = [row[0] for statement in _ENDS for row in await source.rows(statement, {"after": after, "n": WINDOW})]
        upto = min(ends)[:MILLISECOND] + TOP if ends else TOP
        yield await _read(source, ledger, Window(after, upto))
        after = upto


async def _read(source: Rows, ledger: Ledger, window: Window) -> Window:
    span = {"after": window.after, "upto": window.upto}
    for row in await source.rows(_ORDERS, span):
        window.of(row[0]).order = OrderRow(*row)
    for row in await source.rows(_HOLDS, span):
        window.of(row[0]).hold = Hold(*row)
    for row in await source.rows(_SAID, span):
        window.of(row[0]).said.append(Said(*row))
    for row in await source.rows(_PAYMENTS, span):
        if story := window.owner(Promise.MONEY, row[0], row[1]):
            story.payments.append(PaymentRow(*row))
    for row in await source.rows(_REFUNDS, span):
        if story := window.following(Promise.MONEY, row[0], row[1], "a refund of no payment"):
            story.refunds.append(RefundRow(*row))
    for entry in ledger.upto(window.upto):
        moved = entry.charges or entry.refunded
        if moved and (story := window.following(Promise.MONEY, entry.key, entry.key, "charged, and there is no such payment")):
            story.charges[entry.key] = entry
    for row in await source.rows(_TOLD, span):
        if story := window.owner(Promise.WHOLE, row[0], row[1]):
            story.told.append(Told(*row))
    await _papers(source, window, span)
    for (timer,) in await source.rows(_DUE, {"after": TIMER + window.after, "upto": TIMER + window.upto}):
        window.of(timer.removeprefix(TIMER)).due = True
    return window


async def _papers(source: Rows, window: Window, span: dict[str, str]) -> None:
    for row in await source.rows(_INVOICES, span):
        invoice = _decoded(INVOICES, row, window)
        if invoice is not None and (story := window.owner(Promise.WHOLE, invoice.id, invoice.order_id)):
            story.invoices.append(invoice)
    for row in await source.rows(_NOTES, span):
        note = _decoded(NOTES, row, window)
        if note is not None and (story := window.following(Promise.WHOLE, note.id, note.invoice_id, "a credit note of no invoice")):
            story.notes.append(note)


def _decoded(table: Table[Any], row: tuple[Any, ...], window: Window) -> Any:
    try:
        return codec(table).from_row(row)
    except msgspec.MsgspecError as error:
        window.strays[Promise.PAPERS].append(Broken(row[0], f"cannot be read: {error}"))
        return None
