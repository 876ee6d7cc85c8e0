"""A subscriber's cursor in the log of a service: what it still has to handle, read on after a start and when
more is published than one batch may handle; and what changes where other processes share the store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from ..core.clock import Clock
from ..core.model import wire_name
from ..core.store import Raced, RowRefused, Transaction
from .inbox import Envelope, Origin

if TYPE_CHECKING:
    from .dead_letters import DeadLetters
    from .scheduler import Scheduler
    from .service_runtime import ServiceRuntime
    from .unit_of_work import UnitOfWork

TAIL = 8_000

# rows of a log that are read at least: a line that skips most of them must get on
SEARCH = 64


EPOCH_MS = 1_577_836_800_000  # 2020: 41 bits of milliseconds last until 2089
LEASE_MS = 30_000
"""Twice the deadline of an activity."""
LOOK_MS = 1_000
SETTLED_MS = 20_000
"""So long after a number was given, its batch is committed or undone: longer than a batch may take."""
RACES = 8
"""Lost races in a row before a row of the batch itself is suspected."""


class Subscription:
    """One subscriber's place in one source's log. `tail` holds what was handed on in memory but not handled
    yet; with `gap` the log holds more than the tail, and is read instead.
    """

    __slots__ = ("gap", "position", "source", "tail")

    def __init__(self, source: ServiceRuntime) -> None:
        self.source = source
        self.position = 0
        self.tail: deque[Any] = deque()
        self.gap = False

    @property
    def behind(self) -> bool:
        return self.gap or bool(self.tail)

    @property
    def lag(self) -> int:
        return max(0, self.source.seq - self.position)

    def keep(self, envelope: Any) -> None:
        if self.gap:
            return
        if len(self.tail) >= TAIL:
            self.tail.clear()
            self.gap = True
        else:
            self.tail.append(envelope)


async def recover(tx: Transaction, runtimes: dict[str, ServiceRuntime]) -> None:
    """Reads every place and every log's end anew, before anything is decided."""
    for runtime in runtimes.values():
        last = (await tx.rows(runtime.statements.last_seq))[0][0]
        runtime.seq = max(last, 0)
        runtime.blocked = {key for (key,) in await tx.rows(runtime.statements.parked_keys)}
    for runtime in runtimes.values():
        saved = dict(await tx.rows(runtime.statements.positions))
        for name, subscription in runtime.subscriptions.items():
            subscription.position = saved.get(name, 0)
            subscription.source.seq = max(subscription.source.seq, subscription.position)
            subscription.tail.clear()
    for runtime in runtimes.values():
        for subscription in runtime.subscriptions.values():
            subscription.gap = subscription.position < subscription.source.seq


async def pull(
    unit: UnitOfWork, runtimes: dict[str, ServiceRuntime], now: int, limit: int, dead_letters: DeadLetters
) -> list[Envelope]:
    """The next messages of every line that is behind, in their order; the lines move with them. A limit of 1
    is one in all.
    """
    batch: list[Envelope] = []
    for runtime in runtimes.values():
        for subscription in runtime.subscriptions.values():
            if batch and limit == 1:
                return batch
            if subscription.gap:
                batch += await _read(unit, runtime, subscription, now, limit, dead_letters)
            elif subscription.tail:
                for _ in range(min(limit, len(subscription.tail))):
                    envelope = subscription.tail.popleft()
                    envelope.at = now
                    subscription.position = envelope.seq
                    batch.append(envelope)
                if not subscription.tail:
                    subscription.position = subscription.source.seq
    return batch


async def _read(
    unit: UnitOfWork,
    runtime: ServiceRuntime,
    subscription: Subscription,
    now: int,
    limit: int,
    dead_letters: DeadLetters,
) -> list[Envelope]:
    most = max(SEARCH, limit)
    rows = await unit.log_after(subscription.source, subscription.position, most)
    batch: list[Envelope] = []
    if rows:
        unit.advance(subscription)
    for seq, event_id, name, key, body, _cause, trace, _at in rows:
        if len(batch) == limit:
            return batch
        kind = subscription.source.says.get(name)
        subscription.position = seq
        if kind is None or not runtime.hears(kind):
            continue
        try:
            message = unit.decode(runtime, kind, event_id, body)
        except msgspec.MsgspecError as error:
            dead_letters.unreadable(
                unit, runtime, "event", wire_name(kind), body, error, key=key, trace=trace
            )
            continue
        batch.append(
            Envelope(
                runtime,
                message,
                Origin.EVENT,
                event_id,
                now,
                trace=trace,
                seq=seq,
                source=subscription.source.name,
            )
        )
    if len(rows) < most:
        subscription.gap = False
    return batch


async def save_positions(tx: Transaction, unit: UnitOfWork, runtimes: dict[str, ServiceRuntime]) -> None:
    """Moves the cursors, in the transaction of what was handled. A line that only skipped is saved with its
    next message.
    """
    left: dict[Subscription, int] = {}
    for envelope in (*unit.left, *unit.heard):
        subscription = envelope.runtime.subscriptions[envelope.source]
        left[subscription] = min(left.get(subscription, envelope.seq), envelope.seq)
    for runtime in runtimes.values():
        moved: list[tuple[Any, ...]] = []
        for name, subscription in runtime.subscriptions.items():
            if not subscription.behind:
                subscription.position = (
                    left[subscription] - 1 if subscription in left else subscription.source.seq
                )
            if unit.advanced(subscription):
                moved.append((name, subscription.position))
        if moved:
            await tx.upsert(runtime.cursors, moved)


class SharedStoreMode:
    """The mode of a store that other processes write too: memory holds no truth, and the database decides
    every race.

    Sequence numbers of the log come from the clock, so that copies need not agree on them. An activity is
    leased by due date: when a copy dies, another one takes the activity over once the lease has run out. What
    only the rows tell is read again every second.
    """

    def __init__(self, runtimes: dict[str, ServiceRuntime], clock: Clock) -> None:
        self._runtimes, self._clock = runtimes, clock
        self._mine = clock.random.getrandbits(10) << 12
        self._look_at = 0
        self.races = 0

    def begin(self, scheduler: Scheduler, now: int) -> None:
        """Before a batch."""
        least = (now - EPOCH_MS) << 22 | self._mine
        for name, runtime in self._runtimes.items():
            runtime.seq = max(runtime.seq, least)
            if now >= self._look_at:
                scheduler.timer[name] = scheduler.activity[name] = scheduler.retry[name] = min(
                    now, scheduler.timer[name]
                )
                runtime.stale = True
        if now >= self._look_at:
            self._look_at = now + LOOK_MS

    def wait_ms(self, wait: int | None, now: int) -> int:
        """How long to sleep where nothing is known to be due: other processes may have left something."""
        look = max(0, self._look_at - now)
        return look if wait is None else min(wait, look)

    @staticmethod
    def settled_seq(now: int) -> int:
        """Below this number no batch of any copy is still to be committed."""
        return (now - SETTLED_MS - EPOCH_MS) << 22

    async def look(self, unit: UnitOfWork, batch: Iterable[Envelope]) -> None:
        """Which keys are blocked is asked anew where an event may have to wait behind another."""
        for runtime in {envelope.runtime for envelope in batch if envelope.origin is Origin.EVENT}:
            runtime.blocked = {key for (key,) in await unit.tx.rows(runtime.statements.parked_keys)}

    def lost(self, error: Raced) -> Exception:
        """A batch met another process's: what it is to be taken for."""
        self.races += 1
        if self.races <= RACES:
            return error
        refused = RowRefused(str(error))
        refused.__cause__ = error
        return refused
