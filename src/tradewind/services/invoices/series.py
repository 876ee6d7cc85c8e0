"""Numbers invoices and credit notes without a gap and chains them by hashes, so that none can be inserted,
changed or lost unseen.

A hash is the SHA-256 of the previous hash followed by the document's own facts as JSON with sorted keys and
no spaces. The facts have the names and forms of the API, so anyone with the replies of the API can check the
chain.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
from msgspec.structs import replace

from ...contracts.values import stamp
from ...core.model import Aggregate, Context

GENESIS = "0" * 64


class Series(Aggregate, frozen=True):
    """One row per kind of paper (`INV`, `CN`). Numbers begin anew every year; the chain of seals goes on."""

    year: int = 0
    next: int = 1
    last_hash: str = GENESIS

    def on(self, context: Context) -> Series:
        """This series at `now` (UTC). A clock that was set back does not return to an earlier year."""
        year = int(stamp(context.at)[:4])
        return replace(self, year=year, next=1) if year > self.year else self

    @property
    def number(self) -> str:
        return f"{self.id}-{self.year}-{self.next:06d}"

    def after(self, sealed: str) -> Series:
        return replace(self, next=self.next + 1, last_hash=sealed)


def seal(previous: str, facts: msgspec.Struct) -> str:
    return sha256(previous.encode() + msgspec.json.encode(facts, order="sorted")).hexdigest()


def place(number: str) -> tuple[str, int, int]:
    """The sort key of a document: series, year, number. Above 999,999 a year, the numbers as texts are not in
    order.
    """
    series, year, count = number.split("-")
    return series, int(year), int(count)
