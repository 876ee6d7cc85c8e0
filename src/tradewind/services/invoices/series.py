"""Numbers invoices and credit notes without a gap and chains them by hashes, so that none can be inserted,
changed or lost unseen. The form of a number, and whether a year begins anew, are policies.

A hash is the SHA-256 of the previous hash followed by the document's own facts as JSON with sorted keys and
no spaces. The facts have the names and forms of the API, so anyone with the replies of the API can check the
chain.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from string import Formatter

import msgspec
from msgspec.structs import replace

from ...contracts.policies import Policies
from ...contracts.values import stamp
from ...core.model import Aggregate, Context

INVOICES, CREDIT_NOTES = "INV", "CN"
CREDIT_NOTE_FORM = "CN-{year}-{number:06d}"
GENESIS = "0" * 64
_DIGITS = {"year": r"(?P<year>\d{4})", "number": r"(?P<number>\d+)"}


class Numbering(msgspec.Struct, frozen=True):
    """How the numbers of one series are written; `yearly`: a new year begins with one."""

    form: str
    yearly: bool = True

    def text(self, year: int, number: int) -> str:
        return self.form.format(year=year, number=number)

    def place(self, text: str) -> tuple[int, int]:
        """The sort key of a document: year (0 where the series goes on for ever) and number. As texts,
        numbers of different lengths are not in order. Errors: ValueError, where the text has not this form.
        """
        found = _pattern(self.form).fullmatch(text)
        if found is None:
            raise ValueError(f"{text} is not of the form {self.form}")
        return int(found["year"]) if self.yearly else 0, int(found["number"])


def numberings(policies: Policies) -> dict[str, Numbering]:
    """By series."""
    yearly = policies.invoice_reset == "yearly"
    return {
        INVOICES: Numbering(policies.invoice_number, yearly),
        CREDIT_NOTES: Numbering(CREDIT_NOTE_FORM, yearly),
    }


@cache
def _pattern(form: str) -> re.Pattern[str]:
    parts = [re.escape(text) + _DIGITS.get(name or "", "") for text, name, _, _ in Formatter().parse(form)]
    return re.compile("".join(parts))


class Series(Aggregate, frozen=True):
    """One row per kind of paper (`INV`, `CN`). Numbers may begin anew every year; the chain of seals goes
    on.
    """

    year: int = 0
    next: int = 1
    last_hash: str = GENESIS

    def on(self, context: Context, numbering: Numbering) -> Series:
        """This series at `now` (UTC). A clock that was set back does not return to an earlier year."""
        year = int(stamp(context.at)[:4])
        if year <= self.year:
            return self
        return replace(self, year=year, next=1 if numbering.yearly else self.next)

    def after(self, sealed: str) -> Series:
        return replace(self, next=self.next + 1, last_hash=sealed)


def seal(previous: str, facts: msgspec.Struct) -> str:
    return sha256(previous.encode() + msgspec.json.encode(facts, order="sorted")).hexdigest()
