"""Checks that no paper was slipped in, changed or lost: the numbers have no gap, and every seal covers the
one before.

Of each paper 16 bytes are kept until all have passed: the beginning of its seal and of the seal it
follows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ...contracts.policies import DEFAULT, Policies
from ...core.schema import codec
from ...services.invoices.invoice import CreditNote, Invoice, invoice_seal, note_seal
from ...services.invoices.series import CREDIT_NOTES, GENESIS, INVOICES, Series, numberings
from ...services.invoices.storage import SERIES
from .findings import Broken
from .rows import Rows
from .stories import Story

FURTHEST = 1_000_000  # a number this far beyond the highest known is an error and no gap
_series = sa.select(SERIES.rows)


class Book:
    """The papers of one series and year, by number; 0 where there is none."""

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


class Papers:
    """Takes the papers of one story after the other."""

    def __init__(self, policies: Policies = DEFAULT) -> None:
        self._numberings, self._at_once = numberings(policies), policies.invoice == "created"
        self.books: dict[tuple[str, int], Book] = {}
        self.count = 0

    def enter(self, story: Story) -> Iterator[Broken]:
        for invoice in story.invoices:
            yield from self._invoice(invoice)
        for note in story.notes:
            yield from self._paper(CREDIT_NOTES, note.number, note.hash, note.previous_hash, note)

    def _invoice(self, invoice: Invoice) -> Iterator[Broken]:
        numbered = ("ISSUED", "PAID", "VOID") if self._at_once else ("PAID",)
        if invoice.status in numbered and invoice.number:
            yield from self._paper(
                INVOICES, invoice.number, invoice.hash or "", invoice.previous_hash or "", invoice
            )
        elif invoice.status in ("ISSUED", "PAID") or invoice.number:
            yield Broken(
                invoice.number or invoice.id,
                f"is {invoice.status} {'with' if invoice.number else 'without'} a number",
            )

    def _paper(
        self, series: str, number: str, seal: str, previous: str, paper: Invoice | CreditNote
    ) -> Iterator[Broken]:
        self.count += 1
        try:
            year, count = self._numberings[series].place(number)
        except ValueError:
            yield Broken(number, f"is no number of {series}")
            return
        if seal != (invoice_seal(paper) if isinstance(paper, Invoice) else note_seal(paper)):
            yield Broken(number, "its seal does not fit what it says")
        if fault := self.books.setdefault((series, year), Book()).enter(count, seal, previous):
            yield Broken(number, fault)

    async def close(self, source: Rows) -> Iterator[Broken]:
        """After the last invoice: gaps, broken hashes, and the counters of the series."""
        rows: list[tuple[Any, ...]] = await source.rows(_series)
        kept: dict[str, Series] = {row[0]: codec(SERIES).from_row(row) for row in rows}
        return self._closed(kept)

    def _closed(self, kept: dict[str, Series]) -> Iterator[Broken]:
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
    """Never 0, which is no paper. A seal that is not hexadecimal fits nothing."""
    try:
        return int(seal[:16], 16) or 1
    except ValueError:
        return 2
