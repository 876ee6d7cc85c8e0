"""Takes whatever has arrived since the last commit and decides it in one transaction.

All services of a process that share a store share its commit, and an event is handled by its subscribers in
the transaction that said it, as far as the batch's bound allows: then it waits in its line, and after a crash
in the log. Either way the subscriber's cursor moves with its changes. Answers go out, and activities start,
after the commit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..core.clock import Clock
from ..core.failpoints import Broken
from ..core.store import Raced, Store, StoreUnavailable
from .activities import ActivityRunner
from .batch import AFTER_ANSWERS, AFTER_COMMIT, AFTER_START, BEFORE_COMMIT, BEGUN, CLAIMED, HANDLED, Batch
from .batch_policy import BATCH
from .claims import look_up, unknowable
from .dead_letters import DeadLetters
from .envelope import Envelope, tell
from .handling import handle
from .loop import Loop
from .observers import BatchObserver, BatchTracer
from .poison_search import PoisonSearch
from .row_cache import Cache
from .scheduler import AGAIN_MS, Scheduler
from .service_runtime import ServiceRuntime
from .shared_store import LEASE_MS, SharedStoreMode
from .subscriptions import pull, recover, save_positions
from .unit_of_work import Unit
from .writing import write

LOG = logging.getLogger("tradewind.engine")
CHAIN = 600  # messages that follow from a batch


class Processor(Loop):
    """One per process and store; `step` is one batch, so that a test can take them singly."""

    def __init__(
        self,
        store: Store,
        runtimes: dict[str, ServiceRuntime],
        clock: Clock,
        runner: ActivityRunner,
        dead_letters: DeadLetters,
    ) -> None:
        shared_mode = None if store.exclusive else SharedStoreMode(runtimes, clock)
        super().__init__(
            clock,
            Scheduler(runtimes, clock, dead_letters),
            [
                subscription
                for runtime in runtimes.values()
                for subscription in runtime.subscriptions.values()
            ],
            shared_mode,
        )
        self.store, self.runtimes, self.runner, self.dead_letters = store, runtimes, runner, dead_letters
        self.aside: Callable[[Envelope, Any], None] = lambda *_: None
        self.committed: Callable[[set[str]], None] = lambda keys: None
        self.observer: BatchObserver | None = None
        self.tracer: BatchTracer | None = None
        self._tables = [
            table for runtime in runtimes.values() for table in (*runtime.tables.values(), runtime.inbox)
        ]
        self._cache = Cache()
        self.alone = asyncio.Lock()
        self._alone = PoisonSearch(dead_letters)
        self.broken = ""

    @property
    def sound(self) -> bool:
        """Whether what memory holds is what the store holds."""
        return self._recovered

    async def step(self) -> bool:
        """One batch. False: the store could not take it; everything is put back."""
        async with self.alone:
            batch = await self._prepare()
            return batch is not None and await self._seal(batch)

    async def _prepare(self) -> Batch | None:
        """All of a batch but its commit. None: the store could not take it; everything is put back."""
        begun = perf_counter()
        now = self.clock.now()
        taken = [] if self._alone else self.inbound.take(BATCH, self.batch_policy.outcomes(now), now)
        self.batch_policy.saw(len(taken), now)
        try:
            tx = await self.store.begin()
        except (StoreUnavailable, Broken) as error:
            self.forget()
            self._put_back(taken, error)
            return None
        batch = Batch(
            Unit(tx, self._tables, self._cache.rows, now, 0 if self.shared_mode is None else LEASE_MS),
            tx,
            taken,
            begun,
        )
        unit = batch.unit
        try:
            BEGUN()
            if not self._recovered:
                if self.shared_mode is None:
                    await recover(tx, self.runtimes)
                await self.scheduler.recover(tx)
                self._recovered = True
            if self.shared_mode is not None:
                self.shared_mode.begin(self.scheduler, now)
            batch.messages = await self._gather(unit, taken)
            CLAIMED()
            if self.tracer is not None:
                batch.followed = self.tracer.wanted([envelope.trace for envelope in batch.messages])
                tx.statements = [] if batch.followed else None
            await self._decide(unit, batch.messages)
            HANDLED()
            await write(unit)
            await save_positions(tx, unit, self.runtimes)
            if self.outbox is not None:
                await self.outbox.write(unit)
            BEFORE_COMMIT()
        except Exception as error:
            if isinstance(error, Raced) and self.shared_mode is not None:
                error = self.shared_mode.lost(error)
            await self._undo(unit, taken, batch.messages, error)
            return None
        return batch

    async def _seal(self, batch: Batch) -> bool:
        """Commits, and lets everybody know."""
        committing, unit = perf_counter(), batch.unit
        try:
            await batch.tx.commit()
        except Exception as error:
            if isinstance(error, Raced) and self.shared_mode is not None:
                error = self.shared_mode.lost(error)
            elif isinstance(error, (StoreUnavailable, Broken)):
                batch.taken = [envelope for envelope in batch.taken if not unknowable(envelope)]
            await self._undo(unit, batch.taken, batch.messages, error)
            return False
        AFTER_COMMIT()
        batch.report(self.observer, self.tracer, committing)
        self._settle(unit)
        return True

    async def _gather(self, unit: Unit, batch: list[Envelope]) -> list[Envelope]:
        """What has come due, what is left in the lines, what has arrived: in this order. One message of
        these, where one is sought.
        """
        now = self.clock.now()
        if self._alone:
            messages = (await self.scheduler.due(unit, now, self.runner, 1))[:1] or await pull(
                unit, self.runtimes, now, 1, self.dead_letters
            )
            if not messages:
                batch += self.inbound.take(1, 1, now)
        else:
            share = self.batch_policy.share(len(batch), len(self._subscriptions), now)
            messages = await self.scheduler.due(unit, now, self.runner, BATCH)
            messages += await pull(unit, self.runtimes, now, share, self.dead_letters)
        await look_up(unit, batch, shared=self.shared_mode is not None)
        if self.shared_mode is not None:
            await self.shared_mode.look(unit, batch)
        return [*messages, *batch]

    async def _decide(self, unit: Unit, current: list[Envelope]) -> None:
        """Rounds: the batch, then what it said, then what that led to, until it is quiet or the bound is
        met.
        """
        while current:
            await unit.prepare(current)
            for envelope in current:
                await handle(unit, envelope, self.clock, self.dead_letters)
            current, unit.heard = unit.heard, []
            if current and (self._alone or self.batch_policy.rush(unit.at) or unit.handled >= CHAIN):
                unit.heard = current
                return
            behind = [i for i in current if i.runtime.subscriptions[i.source].behind]
            if behind:
                current = [i for i in current if not i.runtime.subscriptions[i.source].behind]
                unit.left += behind

    def _settle(self, unit: Unit) -> None:
        """After the commit: remember, answer, start, wake."""
        self._failures, self.broken = 0, ""
        if self._alone:
            self._alone.cleared()
            self._recovered = False
        for envelope in (*unit.left, *unit.heard):
            envelope.runtime.subscriptions[envelope.source].keep(envelope)
        if self.shared_mode is None:
            self._cache.remember(unit.changed)
        else:
            self.shared_mode.races = 0
        for envelope in unit.answered:
            if envelope.reply is not None:
                tell(envelope, envelope.reply)
        AFTER_ANSWERS()
        if self.outbox is not None:
            self.outbox.committed(unit)
        self.scheduler.note(unit)
        self.runner.settled(unit.no_activities.values(), unit.activities.values())
        for runtime, activity, row in unit.started:
            if not self.runner.start(runtime, activity, row):
                self.scheduler.look_for_activities(runtime, unit.at + AGAIN_MS)
        AFTER_START()
        for envelope, pause in unit.aside:
            self.aside(envelope, pause)
        if unit.keys:
            self.committed(unit.keys)

    async def _undo(
        self, unit: Unit, batch: list[Envelope], messages: list[Envelope], error: Exception
    ) -> None:
        """Nothing was written, or nobody knows: forget, and try again; one message after the other where it
        is not the store's fault.
        """
        try:
            await unit.tx.rollback()
        except StoreUnavailable as worse:
            LOG.warning("rollback failed: %s", worse)
        if self.outbox is not None:
            self.outbox.undone(unit)
        if not isinstance(error, Raced):
            self.forget()
        if not isinstance(error, (StoreUnavailable, Broken)):
            if self._alone and len(messages) == 1 and not self._alone.accuse(messages[0], error):
                batch = []
            self._alone.search(unit.handled + len(messages), error)
        self._put_back(batch, error)

    def forget(self) -> None:
        """What memory holds may not be what the store holds: the next batch reads it anew."""
        self._cache.clear()
        self._recovered = False
        self._wake.set()

    def _put_back(self, batch: list[Envelope], error: Exception) -> None:
        self.inbound.give_back(batch, self.clock.now())
        if isinstance(error, Raced):  # it met another's batch, and is decided anew
            return
        self._failures += 1
        if isinstance(error, (StoreUnavailable, Broken)):
            self.broken = str(error)
            LOG.warning(
                "the store cannot take a batch of %d now, it will be tried again: %s", len(batch), error
            )
