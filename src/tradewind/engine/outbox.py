"""Publishes committed events to the bus, in order per key, until the broker has confirmed them. Apart from
the processor, so that a slow broker holds no transaction.

An event's row in the outbox is written with the event, leased to the process that wrote it, and deleted once
the broker has it. What a process leaves behind when it dies, or could not publish, is taken by any relay when
the lease has run out: again, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ..core.bus import EventBus, EventRecord
from ..core.failpoints import Broken, failpoint
from ..core.store import RowRefused, StoreUnavailable
from .service_runtime import ServiceRuntime
from .statements import RELAY, EventRow
from .unit_of_work import UnitOfWork

LOG = logging.getLogger("tradewind.outbox")
BEFORE_PUBLISH = failpoint("outbox.before-publish", "events are committed, the broker has not been told")
CONFIRMED = failpoint(
    "outbox.confirmed", "the broker has confirmed events, their rows are still in the outbox"
)
LEASE_MS = 10_000
EVERY_S, SOON_S, HELD_S = 1.0, 0.02, 0.1
PASS = 0.8
"""Of a lease: so long the relay goes on behind events that cannot go now; their leases hold up their keys."""
ROWS = 500
MOST_WAITING = 20_000


class Outbox:
    """One per processor that has a bus."""

    def __init__(self, bus: EventBus, runtimes: dict[str, ServiceRuntime], wake: Callable[[], None]) -> None:
        self.bus, self._runtimes, self._wake = bus, runtimes, wake
        self._ours: set[str] = set()
        self._kept: dict[str, list[str]] = {}
        # of the batch that is being decided: there is one at a time
        self._leaving: dict[str, list[str]] = {}
        self._going: list[tuple[ServiceRuntime, EventRow]] = []
        self._woken = self._troubled = False
        self.confirmed = 0

    @property
    def in_flight(self) -> int:
        return len(self._ours)

    @property
    def full(self) -> bool:
        """Whether there is no place for those of a round: the broker has to confirm some first."""
        return len(self._ours) > MOST_WAITING - ROWS

    def holds(self, event_id: str) -> bool:
        """Whether it is on its way, by us."""
        return event_id in self._ours

    async def write(self, unit: UnitOfWork) -> None:
        """With the batch: a row for each event, and none any more for those that the broker has."""
        self._leaving, self._kept = self._kept, {}
        for name, ids in self._leaving.items():
            await unit.tx.delete(self._runtimes[name].outbox, ids)
        for runtime, log in unit.writes.logged.items():
            made = {key for keys in unit.writes.created.values() for key in keys}
            older = await self._behind(unit, runtime, {event.key for event in log} - made)
            rows = [
                (one.id, one.seq, one.key, 0 if one.key in older else one.at + LEASE_MS, one.at)
                for one in log
            ]
            await unit.tx.insert(runtime.outbox, rows)
            self._going += [(runtime, event) for event in log if event.key not in older]

    async def _behind(self, unit: UnitOfWork, runtime: ServiceRuntime, keys: set[str]) -> set[str]:
        """The keys with an event that another process has still to publish: ours follow it, by a relay."""
        found = {
            key: [event_id for (event_id,) in await unit.tx.rows(runtime.statements.outbox_of, {"key": key})]
            for key in keys
        }
        ours, leaving = self._ours, set(self._leaving.get(runtime.name, ()))
        return {
            key for key, ids in found.items() if any(one not in ours and one not in leaving for one in ids)
        }

    def committed(self) -> None:
        """Confirmed rows are deleted; new events are published."""
        going, self._going = self._going, []
        self._leaving = {}
        if going:
            BEFORE_PUBLISH()
        for runtime, one in going:
            record = EventRecord(
                runtime.name, one.id, one.name, one.key, one.body, one.trace, one.seq, one.at
            )
            self.publish(runtime, record)

    def undone(self) -> None:
        """Nothing was written: what the broker has is still to be deleted."""
        for name, ids in self._leaving.items():
            self._kept.setdefault(name, []).extend(ids)
        self._leaving, self._going = {}, []

    def publish(self, runtime: ServiceRuntime, event: EventRecord) -> bool:
        """False: not now. Its row is there."""
        if len(self._ours) >= MOST_WAITING:
            return False
        ours, name, event_id = self._ours, runtime.name, event.id

        def then(trouble: str) -> None:
            ours.discard(event_id)
            if trouble:
                LOG.log(
                    logging.DEBUG if self._troubled else logging.WARNING,
                    "events are not confirmed, they go out again: %s",
                    trouble,
                )
                self._troubled = True
                return
            self._troubled = False
            self.confirmed += 1
            self._kept.setdefault(name, []).append(event_id)
            if not self._woken:
                self._woken = True
                asyncio.get_running_loop().call_later(SOON_S, self._nudge)

        ours.add(event_id)
        if self.bus.publish(event, then):
            return True
        ours.discard(event_id)
        return False

    def _nudge(self) -> None:
        CONFIRMED()
        self._woken = False
        if self._kept:
            self._wake()

    @property
    def waits(self) -> bool:
        """Whether rows are to be deleted."""
        return bool(self._kept) and not self._woken


class Relay:
    """Publishes what was left behind. `alone` keeps the processor's transaction and ours apart. A pass goes
    from the oldest event to the newest, so that those that cannot go now, however many, hold up no others.
    """

    def __init__(self, outbox: Outbox, processor: Any) -> None:
        self._outbox, self._processor = outbox, processor
        self._after: dict[str, int] = {}
        """Of this pass: the last event that was looked at, by service."""
        self._ends, self._held = 0, False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="relay")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                more = self._outbox.bus.up and await self.round()
            except Exception:
                LOG.exception("events that were left are not handed on")
                more = False
            await asyncio.sleep((HELD_S if self._held else SOON_S) if more else EVERY_S)

    async def round(self) -> bool:
        """Claims unleased rows and publishes them; True while there are more. One that cannot go now holds up
        those of its key, and no others: they may have another way.
        """
        if self._outbox.full:
            return False
        more, held, now = False, set[str](), self._processor.clock.now()
        if not self._after or now > self._ends:
            self._after, self._ends, self._held = {}, now + round(LEASE_MS * PASS), False
        for runtime in self._processor.runtimes.values():
            rows = await self._claim(runtime)
            if rows:
                LOG.info("%s: %d events were left behind and are handed on", runtime.name, len(rows))
            for event_id, seq, key, _lease, at, name, body, trace in rows:
                event = EventRecord(runtime.name, event_id, name, key, body, trace, seq, at)
                if key in held or not self._outbox.publish(runtime, event):
                    held.add(key)
            more |= runtime.name in self._after
        self._held |= bool(held)
        return more and now <= self._ends

    async def _claim(self, runtime: ServiceRuntime) -> list[tuple[Any, ...]]:
        processor = self._processor
        try:
            async with processor.transaction() as tx:
                now = processor.clock.now()
                rows: list[tuple[Any, ...]] = []
                if await tx.rows(runtime.statements.relay_turn):
                    what = {"now": now, "n": ROWS, "after": self._after.pop(runtime.name, -1)}
                    found = await tx.rows(runtime.statements.outbox_left, what)
                    if len(found) == ROWS:
                        self._after[runtime.name] = found[-1][1]
                    rows = [row for row in found if not self._outbox.holds(row[0])]
                    await tx.update(runtime.outbox, [(*row[:3], now + LEASE_MS, row[4]) for row in rows])
                else:  # the first ever, or another relay is at it
                    await tx.insert(runtime.cursors, [(RELAY, 0)])
            return rows
        except (StoreUnavailable, RowRefused, Broken) as error:
            LOG.debug("the outbox could not be looked through now: %s", error)
            return []
