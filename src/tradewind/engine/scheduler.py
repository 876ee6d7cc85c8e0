"""Knows when the processor must wake without being asked: a timer, a message to be tried again, an activity to be repeated.

The earliest moment of each kind is kept in memory; the rows are the truth and are read when it comes.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from ..core.clock import World
from ..core.failpoints import failpoint
from ..core.store import Transaction
from .activities import WAITING, Runner
from .dead_letter import Parked
from .dead_letters import Parking, revive
from .envelope import Incoming, Origin
from .service_runtime import Room
from .unit_of_work import Unit

TIMERS = failpoint("timers.due", "timers have come due and are read, not handled")
REVIVED = failpoint("parking.revived", "parked messages are read to be tried again")
NEVER = 1 << 62
# activities are read so many at a time; what is left, or what the runner has no room for, is looked for again after a while
PAGE, AGAIN_MS = WAITING // 10, 1_000


class Waking:
    def __init__(self, rooms: dict[str, Room], world: World, parking: Parking) -> None:
        self._rooms, self._world, self._parking = rooms, world, parking
        self.timer: dict[str, int] = dict.fromkeys(rooms, NEVER)
        self.retry: dict[str, int] = dict.fromkeys(rooms, NEVER)
        self.activity: dict[str, int] = dict.fromkeys(rooms, NEVER)

    def wait_ms(self, now: int) -> int | None:
        """How long nothing is due; None: for ever."""
        first = min((*self.timer.values(), *self.retry.values(), *self.activity.values()), default=NEVER)
        return None if first == NEVER else max(0, first - now)

    async def recover(self, tx: Transaction) -> None:
        for name, room in self._rooms.items():
            # the order of events, and of the parked messages of a key, is that of their ids
            for newest in (room.newest_event, room.newest_parked):
                for (uuid,) in await tx.rows(newest):
                    self._world.past(uuid)
            self.timer[name] = await _first(tx, room.next_timer, -1)
            self.activity[name] = await _first(tx, room.next_activity, -1)
            room.stale = True
            self.retry[name] = 0

    async def due(self, unit: Unit, now: int, runner: Runner, limit: int) -> list[Incoming]:
        """What must be handled now; activities that are due are handed to the runner."""
        batch: list[Incoming] = []
        self._parking.revived.clear()
        for name, room in self._rooms.items():
            if self.timer[name] <= now:
                batch += await self._timers(unit, room, now, limit)
            if self.retry[name] <= now:
                batch += await self._revive(unit, room, now, limit)
            if self.activity[name] <= now:
                self.activity[name] = await self._resume(unit, room, now, runner)
        return batch

    async def _timers(self, unit: Unit, room: Room, now: int, limit: int) -> list[Incoming]:
        batch = []
        rows = await unit.tx.rows(room.timers_due, {"now": now, "n": limit})
        for timer_id, name, body, _due in rows:
            try:
                batch.append(Incoming(room, room.decode(room.kinds_by_name[name], body), Origin.TIMER, timer_id, now))
            except (KeyError, msgspec.MsgspecError) as error:
                self._parking.unreadable(unit, room, "timer", name, body, error)
                unit.drop_timer(room, timer_id)
        TIMERS()
        self.timer[room.name] = now if len(rows) == limit else await _first(unit.tx, room.next_timer, now)
        return batch

    async def _resume(self, unit: Unit, room: Room, now: int, runner: Runner) -> int:
        """Starts the activities that are due; when to look again."""
        all_started = True
        rows = await unit.tx.rows(room.activities_due, {"now": now, "n": PAGE})
        for row in rows:
            try:
                activity: Any = room.decode(room.kinds_by_name[row[1]], row[2])
            except (KeyError, msgspec.MsgspecError) as error:
                self._parking.unreadable(unit, room, "activity", row[1], row[2], error, trace=row[6])
                unit.end_activity(room, row[0])
            else:
                if unit.lease_ms:
                    unit.activities.setdefault(room, {})[row[0]] = (*row[:4], now + unit.lease_ms, *row[5:])
                all_started &= runner.start(room, activity, row, again=True)
        first = await _first(unit.tx, room.next_activity, now)
        return first if all_started and len(rows) < PAGE else min(first, now + AGAIN_MS)

    async def _revive(self, unit: Unit, room: Room, now: int, limit: int) -> list[Incoming]:
        batch, tx = [], unit.tx
        if room.stale:
            room.blocked = {key for (key,) in await tx.rows(room.parked_keys)}
            room.stale = False
        self.retry[room.name] = await _first(tx, room.next_parked, now)
        for row in await tx.rows(room.parked_due, {"now": now, "n": limit}):
            letter = Parked(**dict(zip(room.parked.rows.columns.keys(), row, strict=True)))
            try:
                batch.append(revive(room, letter, now))
                self._parking.revived[letter.id] = letter
            except (KeyError, msgspec.MsgspecError) as error:
                self._parking.illegible(unit, room, letter, error)
        if batch:
            REVIVED()
        return batch

    def look_for_activities(self, room: Room, at: int) -> None:
        self.activity[room.name] = min(self.activity[room.name], at)

    def note(self, unit: Unit) -> None:
        """After a commit: what it set may come due before what we knew of."""
        for room, timers in unit.timers.items():
            for row in timers.values():
                self.timer[room.name] = min(self.timer[room.name], row[3])
        for room, rows in unit.activities.items():
            for row in rows.values():
                if row[3]:
                    self.look_for_activities(room, row[4])
        for room in self._rooms.values():
            if room.parked in unit.changed:
                self.retry[room.name] = 0
                room.stale = True


async def _first(tx: Transaction, statement: sa.Select[Any], now: int) -> int:
    first = (await tx.rows(statement, {"now": now}))[0][0]
    return NEVER if first is None else int(first)
