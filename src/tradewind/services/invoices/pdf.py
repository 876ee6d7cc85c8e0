"""Lays out an invoice as a PDF, for the customer and for the tax office years later."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from . import money

if TYPE_CHECKING:
    from .paper import Paper

LEFT, RIGHT, TOP, BOTTOM = 50, 545, 780, 80
NAME, QUANTITY, UNIT, TOTAL = LEFT, 340, 440, RIGHT
NAME_WIDTH, AMOUNT_WIDTH, MOST_NAME_LINES = 240, 94, 3
SIZE, SMALL = 9.0, 7.0


class InvoiceLine(msgspec.Struct, frozen=True):
    name: str
    sku: str
    quantity: int
    unit_price: int
    line_total: int


class InvoiceCredit(msgspec.Struct, frozen=True):
    number: str
    amount: int
    issued_at: int


class InvoiceDocument(msgspec.Struct, frozen=True):
    """Amounts in minor units of `currency`, times in ms. A draft has no number and was not issued yet."""

    number: str | None
    issued_at: int | None
    customer_id: str
    order_id: str
    currency: str
    lines: tuple[InvoiceLine, ...]
    total: int
    status: str
    credit_notes: tuple[InvoiceCredit, ...] = ()
    hash: str | None = None


def render(invoice: InvoiceDocument) -> bytes:
    """Takes a fifth of a second, a second with Chinese, Japanese or Korean: not in an event loop."""
    from .paper import Paper  # its library takes longer to import than a process to start

    texts = [invoice.number or "", invoice.customer_id, invoice.order_id]
    for line in invoice.lines:
        texts += (line.name, line.sku)
    title = f"Invoice {invoice.number or 'draft'}"
    with closing(Paper(title, invoice.issued_at, texts)) as paper:
        sheet = Sheet(invoice, paper)
        sheet.head()
        sheet.lines()
        sheet.sums()
        sheet.feet()
        return paper.file()


class Sheet:
    def __init__(self, invoice: InvoiceDocument, paper: Paper) -> None:
        self.invoice, self.paper = invoice, paper
        self.name = invoice.number or "draft"
        self.paper.turn()
        self.y = float(TOP)

    def head(self) -> None:
        invoice = self.invoice
        self.paper.text(LEFT, self.y, "Invoice", 20, bold=True)
        self.paper.text(RIGHT, self.y, *self.fit(self.name, 14, 300), bold=True, right=True)
        facts = (
            ("Issued", day(invoice.issued_at)),
            ("Status", invoice.status),
            ("Order", invoice.order_id),
            ("Customer", invoice.customer_id),
        )
        self.y -= 36
        for label, value in facts:
            self.paper.text(LEFT, self.y, label, SIZE, grey=True)
            self.paper.text(LEFT + 60, self.y, *self.fit(value, SIZE, RIGHT - LEFT - 60))
            self.y -= 14
        self.y -= 14

    def lines(self) -> None:
        self.columns()
        for line in self.invoice.lines:
            names = self.paper.wrap(line.name, SIZE, NAME_WIDTH, most=MOST_NAME_LINES)
            self.room(12 * max(1, len(names)) + 16)
            self.paper.text(QUANTITY, self.y, *self.fit(f"{line.quantity:,}", SIZE, 40), right=True)
            self.amount(UNIT, line.unit_price)
            self.amount(TOTAL, line.line_total)
            for name in names or [""]:
                self.paper.text(NAME, self.y, name, SIZE)
                self.y -= 12
            self.paper.text(NAME, self.y + 1, *self.fit(line.sku, SMALL, NAME_WIDTH), grey=True)
            self.y -= 16

    def sums(self) -> None:
        invoice = self.invoice
        # all of it on one page, unless there is no end of credit notes
        self.room(34 + 16 * min(len(invoice.credit_notes) + 1, 20))
        self.paper.rule(LEFT, self.y + 12, RIGHT)
        self.sum("Total", invoice.total, bold=True)
        for credit in invoice.credit_notes:
            self.room(16)
            self.sum(f"Credit note {credit.number}, {day(credit.issued_at)}", -credit.amount)
        if invoice.credit_notes:
            self.room(16)
            self.sum(
                "After credit notes",
                invoice.total - sum(credit.amount for credit in invoice.credit_notes),
                bold=True,
            )

    def feet(self) -> None:
        for page in range(self.paper.pages):
            self.paper.text(
                LEFT,
                44,
                *self.fit(f"Hash {self.invoice.hash}" if self.invoice.hash else "", SMALL, 360),
                grey=True,
                page=page,
            )
            self.paper.text(
                RIGHT,
                44,
                *self.fit(f"{self.name}, page {page + 1} of {self.paper.pages}", SMALL, 130),
                grey=True,
                right=True,
                page=page,
            )

    def columns(self) -> None:
        for x, label in ((QUANTITY, "Quantity"), (UNIT, "Unit price"), (TOTAL, "Amount")):
            self.paper.text(x, self.y, label, SIZE, bold=True, right=True)
        self.paper.text(NAME, self.y, "Item", SIZE, bold=True)
        self.paper.rule(LEFT, self.y - 5, RIGHT)
        self.y -= 20

    def room(self, height: float) -> None:
        if self.y - height < BOTTOM:
            self.paper.turn()
            self.y = TOP
            self.columns()

    def amount(self, x: float, amount: int, *, bold: bool = False) -> None:
        self.paper.text(
            x,
            self.y,
            *self.fit(money.show(amount, self.invoice.currency), SIZE, AMOUNT_WIDTH, bold=bold),
            bold=bold,
            right=True,
        )

    def sum(self, label: str, amount: int, *, bold: bool = False) -> None:
        self.paper.text(UNIT, self.y, *self.fit(label, SIZE, UNIT - LEFT, bold=bold), bold=bold, right=True)
        self.amount(TOTAL, amount, bold=bold)
        self.y -= 16

    def fit(self, text: str, size: float, within: float, *, bold: bool = True) -> tuple[str, float]:
        """The text and the size at which it fits: what identifies or counts is made smaller, never cut."""
        needed = self.paper.width(text, size, bold=bold)
        return text, size if needed <= within else size * within / needed


def day(at: int | None) -> str:
    return datetime.fromtimestamp(at // 1_000, UTC).strftime("%Y-%m-%d") if at is not None else "not yet"
