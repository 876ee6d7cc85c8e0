"""Takes whatever has arrived since the last commit and decides it in one transaction, batch after batch,
until it is stopped and nothing is left.

All services of a process that share a store share its commit, and an event is handled by its subscribers in
the transaction that published it, as far as the batch's bound allows: then it waits in its subscription,
and after a crash in the log. Either way the subscriber's cursor moves with its changes. Answers go out, and
activities start, after the commit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

from ..core.clock import Clock
from ..core.failpoints import Broken, failpoint
from ..core.model import Consult
from ..core.store import Raced, Store, StoreUnavailable, Transaction
from .activities import ActivityRunner
from .batch_policy import BATCH, BatchPolicy
from .dead_letters import DeadLetters, PoisonSearch
from .handling import handle
from .inbox import Envelope, InboundQueue, look_up, tell, unknowable
from .observers import Hooks
from .outbox import Outbox
from .scheduler import AGAIN_MS, Scheduler
from .service_runtime import ServiceRuntime
from .statements import write
from .subscriptions import LEASE_MS, SharedStoreMode, pull, recover, save_positions
from .unit_of_work import Cache, UnitOfWork

LOG = logging.getLogger("tradewind.engine")
CHAIN = 600  # messages that follow from a batch

BEGUN = failpoint("batch.begun", "a transaction is open, nothing is decided yet")
CLAIMED = failpoint("batch.claimed", "the batch is known and its earlier copies are looked up")
HANDLED = failpoint("batch.handled", "everything is decided, nothing is written yet")
BEFORE_COMMIT = failpoint("batch.before-commit", "everything is written, nothing is committed")
AFTER_COMMIT = failpoint("batch.after-commit", "committed, and nobody has been told")
AFTER_ANSWERS = failpoint("batch.after-answers", "requests are answered, activities are not started")
AFTER_START = failpoint("batch.after-start", "activities are started; the next batch may begin")


class Batch:
    """One in work: `taken` from the queue, with its `requests`; `messages` are all that it decides;
    `followed` the traces that are kept.
    """

    def __init__(
        self, unit: UnitOfWork, tx: Transaction, taken: list[Envelope], requests: int, begun: float
    ) -> None:
        self.unit, self.tx, self.taken, self.requests, self.begun = unit, tx, taken, requests, begun
        self.messages: list[Envelope] = []
        self.followed: list[str] = []

    def report(self, hooks: Hooks, committing: float) -> None:
        """It is committed; the commit began at `committing`."""
        done = perf_counter()
        if (observer := hooks.observer) is not None:
            observer.commit(done - committing)
            observer.batch(len(self.messages), done - self.begun)
            observer.said(row.name for log in self.unit.writes.logged.values() for row in log)
        if self.followed and (tracer := hooks.tracer) is not None:
            tracer.batch(self.followed, self.begun, done, self.tx.statements or (), len(self.messages))


class Processor:
    """One per process and store; `step` is one batch, so that a test can take them singly. `aside` takes a
    request that asks another service first, `committed` the keys of what a batch has published.
    """

    def __init__(
        self,
        store: Store,
        runtimes: dict[str, ServiceRuntime],
        clock: Clock,
        runner: ActivityRunner,
        dead_letters: DeadLetters,
        *,
        outbox: Outbox | None,
        aside: Callable[[Envelope, Consult], None],
        committed: Callable[[set[str]], None],
        hooks: Hooks,
    ) -> None:
        self.store, self.runtimes, self.clock, self.runner = store, runtimes, clock, runner
        self.dead_letters, self.outbox = dead_letters, outbox
        self._aside, self._committed, self._hooks = aside, committed, hooks
        self.shared_mode = None if store.exclusive else SharedStoreMode(runtimes, clock)
        self.scheduler = Scheduler(runtimes, clock, dead_letters)
        self.inbound, self.batch_policy = InboundQueue(), BatchPolicy()
        self._subscriptions = [s for runtime in runtimes.values() for s in runtime.subscriptions.values()]
        self._tables = [
            table for runtime in runtimes.values() for table in (*runtime.tables.values(), runtime.inbox)
        ]
        self._numbers = [numbers for runtime in runtimes.values() for numbers in runtime.numbers.values()]
        self._cache = Cache()
        self._poison = PoisonSearch(dead_letters)
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._failures = 0
        self._recovered = False
        self._stopping = False
        self.broken = ""

    @property
    def sound(self) -> bool:
        """Whether what memory holds is what the store holds."""
        return self._recovered

    @property
    def in_transaction(self) -> bool:
        return self._lock.locked()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction between two batches: committed at the end, undone by an error. Errors:
        StoreUnavailable, RowRefused, Broken.
        """
        async with self._lock:
            try:
                tx = await self.store.begin()
            except (StoreUnavailable, Broken):
                self.forget()
                raise
            try:
                yield tx
                await tx.commit()
            except BaseException as error:
                if not isinstance(error, Raced):
                    self.forget()
                await self._roll_back(tx)
                raise

    async def erase_traces(self) -> bool:
        """As the store does it, between two batches."""
        async with self._lock:
            return await self.store.erase_traces()

    def put(self, envelope: Envelope) -> bool:
        """Queues a request; False when the queue is full."""
        if self.inbound.full or self._stopping:
            return False
        self.inbound.put(envelope)
        self._wake.set()
        return True

    def wake(self) -> None:
        """There is work without a message."""
        self._wake.set()

    def put_internal(self, envelope: Envelope) -> None:
        self.inbound.put(envelope)
        self._wake.set()

    @property
    def busy(self) -> bool:
        return bool(self.inbound) or self._behind or (self.outbox is not None and self.outbox.waits)

    @property
    def _behind(self) -> bool:
        return any([subscription.behind for subscription in self._subscriptions])

    async def run(self) -> None:
        """Until `stop`: waits for something to do, does it."""
        while True:
            await self._run()
            if self._failures or not self.busy:
                return

    async def _run(self) -> None:
        while not self._stopping or self.busy:
            self._wake.clear()
            if self._recovered and (
                ms := self.batch_policy.linger_ms(self.inbound, self._behind, self.clock.now())
            ):
                await self._pause(ms)
            if not self.busy and self._recovered:
                now = self.clock.now()
                wait = self.scheduler.wait_ms(now)
                await self._pause(wait if self.shared_mode is None else self.shared_mode.wait_ms(wait, now))
                if self._stopping and not self.busy:
                    return
            if not await self.step():
                await asyncio.sleep(min(2.0, 0.05 * 2 ** min(self._failures, 6)) if self._failures else 0)
                if self._stopping:
                    return

    async def _pause(self, ms: int | None) -> None:
        """Until something comes, or for so long."""
        try:
            async with asyncio.timeout(None if ms is None else ms / 1000):
                await self._wake.wait()
        except TimeoutError:
            pass

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def step(self) -> bool:
        """One batch. False: the store could not take it; everything is put back."""
        async with self._lock:
            batch = await self._prepare()
            return batch is not None and await self._seal(batch)

    async def _prepare(self) -> Batch | None:
        """All of a batch but its commit. None: the store could not take it; everything is put back."""
        begun = perf_counter()
        now = self.clock.now()
        requests = min(len(self.inbound.requests), BATCH)
        self.batch_policy.saw(requests, now)
        waiting = self.batch_policy.waiting(requests, now)
        taken = [] if self._poison else self.inbound.take(BATCH, waiting, now)
        try:
            for numbers in self._numbers:
                await numbers.ensure(self.store, taken)
            tx = await self.store.begin()
        except (StoreUnavailable, Broken) as error:
            self.forget()
            self._put_back(taken, error)
            return None
        batch = Batch(
            UnitOfWork(tx, self._tables, self._cache.rows, now, 0 if self.shared_mode is None else LEASE_MS),
            tx,
            taken,
            requests,
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
            batch.messages = await self._gather(unit, taken, waiting + requests - len(taken))
            CLAIMED()
            if (tracer := self._hooks.tracer) is not None:
                batch.followed = tracer.wanted([envelope.trace for envelope in batch.messages])
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
        """Commits, then replies, starts activities and wakes subscribers."""
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
        batch.report(self._hooks, committing)
        self._settle(unit)
        self.batch_policy.saw(batch.requests, self.clock.now())
        return True

    async def _gather(self, unit: UnitOfWork, batch: list[Envelope], events: int) -> list[Envelope]:
        """What has come due, up to so many `events` that wait in subscriptions, what has arrived: in this
        order. One message of these, where one is sought.
        """
        now = self.clock.now()
        if self._poison:
            messages = (await self.scheduler.due(unit, now, self.runner, 1))[:1] or await pull(
                unit, self.runtimes, now, 1, self.dead_letters
            )
            if not messages:
                batch += self.inbound.take(1, 1, now)
        else:
            messages = await self.scheduler.due(unit, now, self.runner, BATCH)
            behind = sum([subscription.behind for subscription in self._subscriptions])
            share = max(2, events // max(1, behind))
            messages += await pull(unit, self.runtimes, now, share, self.dead_letters)
        await look_up(unit, batch, shared=self.shared_mode is not None)
        if self.shared_mode is not None:
            await self.shared_mode.look(unit, batch)
        return [*messages, *batch]

    async def _decide(self, unit: UnitOfWork, current: list[Envelope]) -> None:
        """Rounds: the batch, then its events, then theirs, until there are none or the bound is reached."""
        while current:
            await unit.prepare(current)
            for envelope in current:
                await handle(unit, envelope, self.clock, self.dead_letters)
            current = unit.next_round()
            too_many = unit.handled + len(current) > CHAIN
            if current and (too_many or self._poison or self.batch_policy.rush(unit.at)):
                unit.heard = current
                return
            behind = [i for i in current if i.runtime.subscriptions[i.source].behind]
            if behind:
                current = [i for i in current if not i.runtime.subscriptions[i.source].behind]
                unit.left += behind

    def _settle(self, unit: UnitOfWork) -> None:
        """After the commit: remember, answer, start, wake."""
        self._failures, self.broken = 0, ""
        if self._poison:
            self._poison.cleared()
            self._recovered = False
        for envelope in (*unit.left, *unit.heard):
            envelope.runtime.subscriptions[envelope.source].keep(envelope)
        if self.shared_mode is None:
            self._cache.remember(unit.writes.changed)
        else:
            self.shared_mode.races = 0
        for envelope in unit.after.answered:
            if envelope.reply is not None:
                tell(envelope, envelope.reply)
        AFTER_ANSWERS()
        if self.outbox is not None:
            self.outbox.committed()
        self.scheduler.note(unit)
        self.runner.settled(unit.writes.no_activities.values(), unit.writes.activities.values())
        for runtime, activity, row in unit.after.started:
            if not self.runner.start(runtime, activity, row):
                self.scheduler.look_for_activities(runtime, unit.at + AGAIN_MS)
        AFTER_START()
        for envelope, pause in unit.after.aside:
            self._aside(envelope, pause)
        if unit.after.keys:
            self._committed(unit.after.keys)

    async def _undo(
        self, unit: UnitOfWork, batch: list[Envelope], messages: list[Envelope], error: Exception
    ) -> None:
        """Nothing was written, or the outcome is unknown: forget the cache, and try again; one message after
        the other where the store is not at fault.
        """
        await self._roll_back(unit.tx)
        if self.outbox is not None:
            self.outbox.undone()
        if not isinstance(error, Raced):
            self.forget()
        if not isinstance(error, (StoreUnavailable, Broken)):
            if self._poison and len(messages) == 1 and not self._poison.accuse(messages[0], error):
                batch = []
            self._poison.search(unit.handled + len(messages), error)
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

    @staticmethod
    async def _roll_back(tx: Transaction) -> None:
        try:
            await tx.rollback()
        except StoreUnavailable as error:
            LOG.warning("rollback failed: %s", error)
