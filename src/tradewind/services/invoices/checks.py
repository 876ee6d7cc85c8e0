"""Checks that no document was slipped in, changed or lost: the numbers have no gap, and every hash covers the
one before.

Of each document 16 bytes are kept until all have passed: the beginning of its hash and of the hash it
follows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts.policies import Policies
from ...core.checks import Broken, Checked, Checks, Rows, paged
from ...core.model import Table
from ...core.schema import by_key, codec
from . import storage
from .invoice import CreditNote, Invoice, invoice_id, invoice_seal, note_seal
from .series import CREDIT_NOTES, GENESIS, INVOICES, Series, numberings

FURTHEST = 1_000_000  # a number this far beyond the highest known is an error and no gap
_series = sa.select(storage.SERIES.rows)
_invoices = by_key(sa.select(storage.INVOICES.rows), storage.INVOICES.rows.c.id)
_notes = by_key(sa.select(storage.NOTES.rows), storage.NOTES.rows.c.id)
_its_invoice = sa.exists().where(storage.INVOICES.rows.c.id == storage.NOTES.rows.c.invoice_id)
_strays = sa.select(storage.NOTES.rows.c.id).where(~_its_invoice).limit(1_000)


class Book:
    """The documents of one series and year, by number; 0 where there is none."""

    def __init__(self) -> None:
        self.seals, self.previous = array("Q", [0]), array("Q", [0])

    def enter(self, number: int, seal: str, previous: str) -> str:
        """What is wrong with the number, or nothing."""
        if not 0 < number < len(self.seals) + FURTHEST:
            return "its number is far from all others"
        while len(self.seals) <= number:
            self.seals.append(0)
            self.previous.append(0)
        if self.seals[number]:
            return "its number is taken"
        self.seals[number], self.previous[number] = _short(seal), _short(previous)
        return ""


async def documents(source: Rows, policies: Policies) -> list[Checked]:
    """Every invoice and credit note, one after the other, and then their series."""
    books, papers, whole = Books(policies), Checked("invoice numbers and hash chain", [], of="papers"), []
    async for row in paged(source, _invoices):
        invoice = _decoded(storage.INVOICES, row, papers.broken)
        if invoice is not None:
            papers.broken += books.invoice(invoice)
            if invoice.id != invoice_id(invoice.order_id):
                why = f"says that it is of order {invoice.order_id}, and its id does not come from there"
                whole.append(Broken(invoice.id, why))
    async for row in paged(source, _notes):
        note = _decoded(storage.NOTES, row, papers.broken)
        if note is not None:
            papers.broken += books.note(note)
    whole += [Broken(key, "a credit note of no invoice") for (key,) in await source.rows(_strays)]
    kept = {row[0]: codec(storage.SERIES).from_row(row) for row in await source.rows(_series)}
    papers.broken += books.close(kept)
    papers.count = books.count
    return [papers, Checked("confirmed is whole", whole)]


def _decoded(table: Table[Any], row: tuple[Any, ...], broken: list[Broken]) -> Any:
    try:
        return codec(table).from_row(row)
    except msgspec.MsgspecError as error:
        broken.append(Broken(row[0], f"cannot be read: {error}"))
        return None


class Books:
    """All series. Takes one document after the other, in any order."""

    def __init__(self, policies: Policies) -> None:
        self._numberings, self._at_once = numberings(policies), policies.invoice == "created"
        self.books: dict[tuple[str, int], Book] = {}
        self.count = 0

    def note(self, note: CreditNote) -> Iterator[Broken]:
        return self._document(CREDIT_NOTES, note.number, note.hash, note.previous_hash, note)

    def invoice(self, invoice: Invoice) -> Iterator[Broken]:
        numbered = ("ISSUED", "PAID", "VOID") if self._at_once else ("PAID",)
        if invoice.status in numbered and invoice.number:
            yield from self._document(
                INVOICES, invoice.number, invoice.hash or "", invoice.previous_hash or "", invoice
            )
        elif invoice.status in ("ISSUED", "PAID") or invoice.number:
            yield Broken(
                invoice.number or invoice.id,
                f"is {invoice.status} {'with' if invoice.number else 'without'} a number",
            )

    def _document(
        self, series: str, number: str, seal: str, previous: str, document: Invoice | CreditNote
    ) -> Iterator[Broken]:
        self.count += 1
        try:
            year, count = self._numberings[series].place(number)
        except ValueError:
            yield Broken(number, f"is no number of {series}")
            return
        if seal != (invoice_seal(document) if isinstance(document, Invoice) else note_seal(document)):
            yield Broken(number, "its seal does not fit what it says")
        if fault := self.books.setdefault((series, year), Book()).enter(count, seal, previous):
            yield Broken(number, fault)

    def close(self, kept: dict[str, Series]) -> Iterator[Broken]:
        """After the last document: gaps, broken hashes, and the counters of the series."""
        for name in sorted({series for series, _ in self.books} | set(kept)):
            last, series = _short(GENESIS), kept.get(name, Series(name))
            numbering = self._numberings[name]
            now = series.year if numbering.yearly else 0
            for year in sorted([year for of, year in self.books if of == name]):
                book = self.books[name, year]
                for number in range(1, len(book.seals)):
                    if not book.seals[number]:
                        yield Broken(numbering.text(year, number), "is missing")
                    elif last and book.previous[number] != last:
                        yield Broken(numbering.text(year, number), "does not follow the one before")
                    last = book.seals[number]
            highest = len(self.books[name, now].seals) if (name, now) in self.books else 1
            if series.next != highest or _short(series.last_hash) != last:
                yield Broken(
                    name,
                    f"goes on with number {series.next} after {highest - 1} papers, or from another seal "
                    f"than the last",
                )


def _short(seal: str) -> int:
    """Never 0, which is no document. A hash that is not hexadecimal fits nothing."""
    try:
        return int(seal[:16], 16) or 1
    except ValueError:
        return 2


CHECKS = Checks(invariants=(documents,))
