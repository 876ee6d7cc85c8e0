"""Knows when the processor must wake without a message: a timer, a message to be tried again, an activity to
be repeated.

The earliest time of each kind is in memory; the rows are the truth and are read when it comes.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from ..core.clock import Clock
from ..core.dead_letters import DeadLetter
from ..core.failpoints import failpoint
from ..core.store import Transaction
from .activities import WAITING, ActivityRunner
from .dead_letters import DeadLetters, revive
from .inbox import Envelope, Origin
from .service_runtime import ServiceRuntime
from .statements import ActivityRow, TimerRow
from .unit_of_work import UnitOfWork

TIMERS = failpoint("timers.due", "timers have come due and are read, not handled")
REVIVED = failpoint("parking.revived", "parked messages are read to be tried again")
NEVER = 1 << 62
# activities are read so many at a time; what is left, or what the runner has no room for, is looked for again
# after a while
PAGE, AGAIN_MS = WAITING // 10, 1_000


class Scheduler:
    def __init__(self, runtimes: dict[str, ServiceRuntime], clock: Clock, dead_letters: DeadLetters) -> None:
        self._runtimes, self._clock, self._dead_letters = runtimes, clock, dead_letters
        self.timer: dict[str, int] = dict.fromkeys(runtimes, NEVER)
        self.retry: dict[str, int] = dict.fromkeys(runtimes, NEVER)
        self.activity: dict[str, int] = dict.fromkeys(runtimes, NEVER)

    def wait_ms(self, now: int) -> int | None:
        """How long nothing is due; None: for ever."""
        first = min((*self.timer.values(), *self.retry.values(), *self.activity.values()), default=NEVER)
        return None if first == NEVER else max(0, first - now)

    async def recover(self, tx: Transaction) -> None:
        for name, runtime in self._runtimes.items():
            # the order of events, and of the parked messages of a key, is that of their ids
            for newest in (runtime.statements.newest_event, runtime.statements.newest_parked):
                for (uuid,) in await tx.rows(newest):
                    self._clock.past(uuid)
            self.timer[name] = await _first(tx, runtime.statements.next_timer, -1)
            self.activity[name] = await _first(tx, runtime.statements.next_activity, -1)
            runtime.stale = True
            self.retry[name] = 0

    async def due(self, unit: UnitOfWork, now: int, runner: ActivityRunner, limit: int) -> list[Envelope]:
        """What must be handled now; activities that are due are handed to the runner."""
        batch: list[Envelope] = []
        self._dead_letters.revived.clear()
        for name, runtime in self._runtimes.items():
            if self.timer[name] <= now:
                batch += await self._timers(unit, runtime, now, limit)
            if self.retry[name] <= now:
                batch += await self._revive(unit, runtime, now, limit)
            if self.activity[name] <= now:
                self.activity[name] = await self._resume(unit, runtime, now, runner)
        return batch

    async def _timers(
        self, unit: UnitOfWork, runtime: ServiceRuntime, now: int, limit: int
    ) -> list[Envelope]:
        batch = []
        rows = await unit.tx.rows(runtime.statements.timers_due, {"now": now, "n": limit})
        for timer in map(TimerRow._make, rows):
            try:
                batch.append(
                    Envelope(
                        runtime,
                        runtime.decode(runtime.kinds_by_name[timer.name], timer.body),
                        Origin.TIMER,
                        timer.id,
                        now,
                    )
                )
            except (KeyError, msgspec.MsgspecError) as error:
                self._dead_letters.unreadable(unit, runtime, "timer", timer.name, timer.body, error)
                unit.drop_timer(runtime, timer.id)
        TIMERS()
        self.timer[runtime.name] = (
            now if len(rows) == limit else await _first(unit.tx, runtime.statements.next_timer, now)
        )
        return batch

    async def _resume(
        self, unit: UnitOfWork, runtime: ServiceRuntime, now: int, runner: ActivityRunner
    ) -> int:
        """Starts the activities that are due; when to look again."""
        all_started = True
        rows = await unit.tx.rows(runtime.statements.activities_due, {"now": now, "n": PAGE})
        for row in map(ActivityRow._make, rows):
            try:
                activity: Any = runtime.decode(runtime.kinds_by_name[row.name], row.body)
            except (KeyError, msgspec.MsgspecError) as error:
                self._dead_letters.unreadable(
                    unit, runtime, "activity", row.name, row.body, error, trace=row.trace
                )
                unit.end_activity(runtime, row.id)
            else:
                if unit.lease_ms:
                    unit.put_activity(runtime, row._replace(due_at=now + unit.lease_ms))
                all_started &= runner.start(runtime, activity, row, again=True)
        first = await _first(unit.tx, runtime.statements.next_activity, now)
        return first if all_started and len(rows) < PAGE else min(first, now + AGAIN_MS)

    async def _revive(
        self, unit: UnitOfWork, runtime: ServiceRuntime, now: int, limit: int
    ) -> list[Envelope]:
        batch, tx = [], unit.tx
        if runtime.stale:
            runtime.blocked = {key for (key,) in await tx.rows(runtime.statements.parked_keys)}
            runtime.stale = False
        self.retry[runtime.name] = await _first(tx, runtime.statements.next_parked, now)
        for row in await tx.rows(runtime.statements.parked_due, {"now": now, "n": limit}):
            letter = DeadLetter(**dict(zip(runtime.parked.rows.columns.keys(), row, strict=True)))
            try:
                batch.append(revive(runtime, letter, now))
                self._dead_letters.revived[letter.id] = letter
            except (KeyError, msgspec.MsgspecError) as error:
                self._dead_letters.illegible(unit, runtime, letter, error)
        if batch:
            REVIVED()
        return batch

    def look_for_activities(self, runtime: ServiceRuntime, at: int) -> None:
        self.activity[runtime.name] = min(self.activity[runtime.name], at)

    def note(self, unit: UnitOfWork) -> None:
        """After a commit: what it set may come due before what we knew of."""
        for runtime, timers in unit.writes.timers.items():
            for row in timers.values():
                self.timer[runtime.name] = min(self.timer[runtime.name], row.due_at)
        for runtime, rows in unit.writes.activities.items():
            for activity in rows.values():
                if activity.attempts:
                    self.look_for_activities(runtime, activity.due_at)
        for runtime in self._runtimes.values():
            if runtime.parked in unit.writes.changed:
                self.retry[runtime.name] = 0
                runtime.stale = True


async def _first(tx: Transaction, statement: sa.Select[Any], now: int) -> int:
    first = (await tx.rows(statement, {"now": now}))[0][0]
    return NEVER if first is None else int(first)
