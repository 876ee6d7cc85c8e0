"""A batch on its way, and the moments of that way at which a test may kill us."""

from __future__ import annotations

from time import perf_counter

from ..core.failpoints import failpoint
from ..core.store import Transaction
from .envelope import Envelope
from .observers import BatchObserver, BatchTracer
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

    def __init__(self, unit: Unit, tx: Transaction, taken: list[Envelope], begun: float) -> None:
        self.unit, self.tx, self.taken, self.begun = unit, tx, taken, begun
        self.messages: list[Envelope] = []
        self.followed: list[str] = []

    def report(self, observer: BatchObserver | None, tracer: BatchTracer | None, committing: float) -> None:
        """It is committed; the commit began at `committing`."""
        done = perf_counter()
        if observer is not None:
            observer.commit(done - committing)
            observer.batch(len(self.messages), done - self.begun)
            observer.said(row[2] for log in self.unit.logged.values() for row in log)
        if self.followed and tracer is not None:
            tracer.batch(self.followed, self.begun, done, self.tx.statements or (), len(self.messages))
