"""Collects the rows of each order from all services, a window of orders at a time, so that a million of them
fit in little memory.

A window is a range of order ids. Keys are compared byte by byte on every database, so the same range selects
the same orders from every table that has the order's id; what has an id of its own is found by it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from ...contracts.orders import OrderConfirmed, OrderCreated
from ...core.checks import LAST_KEY, Broken, Rows
from ...core.model import wire_name
from ...engine.tables import framework_tables
from ...services.inventory.storage import RESERVATIONS
from ...services.invoices.invoice import invoice_id
from ...services.invoices.storage import INVOICES, NOTES
from ...services.notifications.storage import NOTIFICATIONS
from ...services.orders.domain import CANCELLED, PaymentDue
from ...services.orders.storage import ORDERS
from ...services.payments.provider.ledger import LedgerEntry
from ...services.payments.storage import PAYMENTS, REFUNDS

WINDOW = 2_000
SOME = 250
"""Keys that are looked up by one statement."""
TIMER = f"{wire_name(PaymentDue)}:"
CREATED, CONFIRMED = wire_name(OrderCreated), wire_name(OrderConfirmed)
_timers, _log = framework_tables("orders").timers.c, framework_tables("orders").log.c


class OrderRow(NamedTuple):
    id: str
    status: str
    payment_status: str
    customer_id: str
    items: str
    total: int
    currency: str
    expires_at: int
    updated_at: int
    adopted_at: int | None


class HoldRow(NamedTuple):
    id: str
    status: str
    items: str
    adopted_at: int | None


class PaymentRow(NamedTuple):
    id: str
    order_id: str
    customer_id: str
    amount: int
    currency: str
    refunded: int
    refunding: int
    status: str
    updated_at: int


class RefundRow(NamedTuple):
    id: str
    payment_id: str
    order_id: str
    amount: int
    status: str


class InvoiceRow(NamedTuple):
    id: str
    customer_id: str
    status: str
    total: int
    currency: str


class NoteRow(NamedTuple):
    id: str
    invoice_id: str
    amount: int


class NoticeRow(NamedTuple):
    id: str
    order_id: str
    template: str


def _of(table: sa.Table, kind: type[Any]) -> sa.Select[Any]:
    return sa.select(*[table.c[name] for name in kind._fields])


def _within(statement: sa.Select[Any], key: sa.Column[Any]) -> sa.Select[Any]:
    return statement.where(key > sa.bindparam("after"), key <= sa.bindparam("upto"))


def _among(statement: sa.Select[Any], key: sa.Column[Any]) -> sa.Select[Any]:
    return statement.where(key.in_([sa.bindparam(f"key{n}", type_=sa.Text) for n in range(SOME)]))


def _end(key: sa.Column[Any]) -> sa.Select[Any]:
    above = sa.select(key).where(key > sa.bindparam("after")).order_by(key)
    return above.limit(1).offset(sa.bindparam("n", type_=sa.Integer))


_payment, _refund = PAYMENTS.rows.c, REFUNDS.rows.c
# a payment that was only recorded is no charge: it belongs to no order's story, and its order need not be
# there
_charge = _payment.provider != ""
ORDERS_IN = _within(_of(ORDERS.rows, OrderRow), ORDERS.rows.c.id)
HOLDS_IN = _within(_of(RESERVATIONS.rows, HoldRow), RESERVATIONS.rows.c.id)
PAYMENTS_IN = _within(_of(PAYMENTS.rows, PaymentRow), _payment.order_id).where(_charge)
REFUNDS_IN = _within(
    _of(REFUNDS.rows, RefundRow).join_from(PAYMENTS.rows, REFUNDS.rows, _refund.payment_id == _payment.id),
    _payment.order_id,
).where(_charge)
NOTICES_IN = _within(_of(NOTIFICATIONS.rows, NoticeRow), NOTIFICATIONS.rows.c.order_id)
DUE_IN = _within(sa.select(_timers.id), _timers.id)
ENDS = [_end(key) for key in (ORDERS.rows.c.id, RESERVATIONS.rows.c.id, _payment.order_id)]
INVOICES_OF = _among(_of(INVOICES.rows, InvoiceRow), INVOICES.rows.c.id)
NOTES_OF = _among(_of(NOTES.rows, NoteRow), NOTES.rows.c.invoice_id)
CHARGES_OF = _among(sa.select(_payment.id).where(_charge), _payment.id)
ORDERS_OF = _among(sa.select(ORDERS.rows.c.id), ORDERS.rows.c.id)
SAID_OF = _among(
    sa.select(_log.key, _log.name).where(sa.or_(_log.name == CREATED, _log.name == CONFIRMED)), _log.key
)
INVOICE_COUNT = sa.select(sa.func.count()).select_from(INVOICES.rows)
INVOICE_ORDERS = (
    sa.select(INVOICES.rows.c.id, INVOICES.rows.c.order_id)
    .where(INVOICES.rows.c.id > sa.bindparam("after"))
    .order_by(INVOICES.rows.c.id)
    .limit(WINDOW)
)


class Ledger(Protocol):
    """The provider's entries at one moment."""

    def of(self, keys: Sequence[str]) -> Iterable[LedgerEntry]: ...

    def moved(self) -> Iterator[LedgerEntry]:
        """Those by which money was taken or given back."""
        ...


class Entries:
    """A ledger that is in memory."""

    def __init__(self, entries: Iterable[LedgerEntry] = ()) -> None:
        self._entries = {entry.key: entry for entry in entries}

    def of(self, keys: Sequence[str]) -> list[LedgerEntry]:
        return [self._entries[key] for key in keys if key in self._entries]

    def moved(self) -> Iterator[LedgerEntry]:
        return (entry for entry in self._entries.values() if entry.charges or entry.refunded)


class Story:
    """The rows of one order in every service. `order` is None where other services have rows of an order that
    does not exist.
    """

    __slots__ = (
        "charges",
        "confirmed",
        "due",
        "hold",
        "id",
        "invoices",
        "notes",
        "notices",
        "order",
        "payments",
        "refunds",
    )

    def __init__(self, order_id: str) -> None:
        self.id = order_id
        self.order: OrderRow | None = None
        self.hold: HoldRow | None = None
        self.payments: list[PaymentRow] = []
        self.refunds: list[RefundRow] = []
        self.invoices: list[InvoiceRow] = []
        self.notes: list[NoteRow] = []
        self.notices: list[NoticeRow] = []
        self.charges: dict[str, LedgerEntry] = {}
        self.due = False
        # whether one that is cancelled was confirmed before; None where the log has forgotten it
        self.confirmed: bool | None = None

    def broken(self, why: str) -> Broken:
        return Broken(self.id, why)


class Stories:
    """All stories, and what belongs to none of them."""

    def __init__(self, source: Rows, ledger: Ledger) -> None:
        self._source, self._ledger = source, ledger
        self._invoices = self._charges = 0

    async def windows(self) -> AsyncIterator[dict[str, Story]]:
        """In the order of the orders' ids."""
        after = ""
        while after != LAST_KEY:
            ends = [
                row[0]
                for statement in ENDS
                for row in await self._source.rows(statement, {"after": after, "n": WINDOW})
            ]
            upto = min(ends, default=LAST_KEY)
            yield await self._read({"after": after, "upto": upto})
            after = upto

    async def _read(self, span: dict[str, str]) -> dict[str, Story]:
        rows, stories = self._source.rows, _Stories()
        for row in await rows(ORDERS_IN, span):
            stories[row[0]].order = OrderRow(*row)
        for row in await rows(HOLDS_IN, span):
            stories[row[0]].hold = HoldRow(*row)
        for payment in map(PaymentRow._make, await rows(PAYMENTS_IN, span)):
            stories[payment.order_id].payments.append(payment)
        for refund in map(RefundRow._make, await rows(REFUNDS_IN, span)):
            stories[refund.order_id].refunds.append(refund)
        for notice in map(NoticeRow._make, await rows(NOTICES_IN, span)):
            stories[notice.order_id].notices.append(notice)
        for (timer,) in await rows(DUE_IN, {name: TIMER + key for name, key in span.items()}):
            stories[timer.removeprefix(TIMER)].due = True
        await self._documents(stories)
        cancelled = [key for key, story in stories.items() if story.order and story.order.status == CANCELLED]
        said = {row async for row in _each(self._source, SAID_OF, cancelled)}
        for key in cancelled:
            if (key, CREATED) in said:
                stories[key].confirmed = (key, CONFIRMED) in said
        of_payment = {p.id: story for story in stories.values() for p in story.payments}
        for entry in self._ledger.of(list(of_payment)):
            if entry.charges or entry.refunded:
                of_payment[entry.key].charges[entry.key] = entry
                self._charges += 1
        return stories

    async def _documents(self, stories: dict[str, Story]) -> None:
        of_invoice = {invoice_id(key): story for key, story in stories.items()}
        found = [InvoiceRow(*row) async for row in _each(self._source, INVOICES_OF, list(of_invoice))]
        for invoice in found:
            of_invoice[invoice.id].invoices.append(invoice)
        self._invoices += len(found)
        async for row in _each(self._source, NOTES_OF, [invoice.id for invoice in found]):
            note = NoteRow(*row)
            of_invoice[note.invoice_id].notes.append(note)

    async def charges_of_nobody(self) -> list[Broken]:
        """Once all windows have passed."""
        moved = [entry.key for entry in self._ledger.moved()] if self._charges_differ() else []
        paid = {key async for (key,) in _each(self._source, CHARGES_OF, moved)}
        return [Broken(key, "charged, and there is no such payment") for key in moved if key not in paid]

    def _charges_differ(self) -> bool:
        return sum(1 for _ in self._ledger.moved()) != self._charges

    async def invoices_of_nobody(self) -> list[Broken]:
        """Once all windows have passed."""
        counts = await self._source.rows(INVOICE_COUNT)
        if not counts or counts[0][0] == self._invoices:
            return []
        found, after = [], ""
        while page := await self._source.rows(INVOICE_ORDERS, {"after": after}):
            orders = [order_id for _, order_id in page]
            there = {key async for (key,) in _each(self._source, ORDERS_OF, orders)}
            found += [
                Broken(order_id, "an invoice is for it, and it is not there")
                for order_id in orders
                if order_id not in there
            ]
            after = page[-1][0]
        return found


class _Stories(dict[str, Story]):
    def __missing__(self, order_id: str) -> Story:
        made = self[order_id] = Story(order_id)
        return made


async def _each(source: Rows, statement: sa.Select[Any], keys: Sequence[str]) -> AsyncIterator[Any]:
    """The rows of a statement that asks for `SOME` keys at a time."""
    for start in range(0, len(keys), SOME):
        some = keys[start : start + SOME]
        given = [*some, *[some[0]] * (SOME - len(some))]
        for row in await source.rows(statement, {f"key{n}": key for n, key in enumerate(given)}):
            yield row
