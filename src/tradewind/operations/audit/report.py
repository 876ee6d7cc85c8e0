"""The result of an audit: one line for each promise, with the ids where it is broken."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from ...core.checks import Broken

SHOWN = 20


class Promise(StrEnum):
    """The lines, in the order of the report."""

    KEPT = "accepted is kept"
    REAL = "no phantom"
    MONEY = "money"
    STOCK = "stock"
    WHOLE = "confirmed is whole"
    CLEAN = "failed is clean"
    MOVES = "nothing stuck"
    LEGAL = "legal transitions only"
    PAPERS = "invoice numbers and hash chain"
    LETTERS = "dead letters"


class Finding(msgspec.Struct, frozen=True):
    """One promise. `broken` has the first of the `violations`; what a line merely lists is there too, with
    `ok`.

    `wired`: false where no service that runs here could keep it.
    """

    name: str
    ok: bool
    checked: int
    of: str
    violations: int
    broken: tuple[Broken, ...]
    note: str = ""
    wired: bool = True


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """`in_flight` orders were on their way, so not all of their promises could be checked yet."""

    ok: bool
    running: bool
    orders: int
    in_flight: int
    findings: tuple[Finding, ...]


class Tally:
    """Collects the violations of one promise; keeps no more than it shows."""

    def __init__(self, promise: str, of: str = "orders", *, wired: bool = True) -> None:
        self.promise, self.of, self.wired = promise, of, wired
        self.checked = self.violations = 0
        self.note = ""
        self._first: list[Broken] = []

    def take(self, found: Iterable[Broken]) -> None:
        for broken in found:
            self.violations += 1
            if len(self._first) < SHOWN:
                self._first.append(broken)

    def finding(self) -> Finding:
        if not self.wired and not self.violations:
            return Finding(self.promise, True, 0, self.of, 0, (), "not wired here", wired=False)
        return Finding(
            self.promise,
            not self.violations,
            self.checked,
            self.of,
            self.violations,
            tuple(self._first),
            self.note,
        )
