"""A batch on its way, and the moments of that way at which a test may kill us."""

from __future__ import annotations

from time import perf_counter

from ..core.failpoints import failpoint
from ..core.store import Transaction
from .envelope import Incoming
from .observers import Gauge, Traced
from .unit_of_work import Unit

BEGUN = failpoint("batch.begun", "a transaction is open, nothing is decided yet")
CLAIMED = failpoint("batch.claimed", "the batch is known and its earlier copies are looked up")
HANDLED = failpoint("batch.handled", "everything is decided, nothing is written yet")
BEFORE_COMMIT = failpoint("batch.before-commit", "everything is written, nothing is committed")
AFTER_COMMIT = failpoint("batch.after-commit", "committed, and nobody has been told")
AFTER_ANSWERS = failpoint("batch.after-answers", "requests are answered, activities are not started")
AFTER_START = failpoint("batch.after-start", "activities are started; the next batch may begin")


class Batch:
    """One on its way: `taken` from the intake, `messages` are all that it decides."""

    def __init__(self, unit: Unit, tx: Transaction, taken: list[Incoming], begun: float) -> None:
        self.unit, self.tx, self.taken, self.begun = unit, tx, taken, begun
        self.messages: list[Incoming] = []
        self.followed: list[str] = []

    def report(self, gauge: Gauge | None, traced: Traced | None, committing: float) -> None:
        """It is committed; the commit began at `committing`."""
        done = perf_counter()
        if gauge is not None:
            gauge.commit(done - committing)
            gauge.batch(len(self.messages), done - self.begun)
            gauge.said(row[2] for log in self.unit.logged.values() for row in log)
        if self.followed and traced is not None:
            traced.batch(self.followed, self.begun, done, self.tx.statements or (), len(self.messages))
