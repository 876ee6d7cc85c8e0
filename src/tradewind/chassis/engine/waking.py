"""Knows when the processor must wake without being asked: a timer, a message to be tried again, an activity to be repeated.

The earliest moment of each kind is kept in memory; the rows are the truth and are read when it comes.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import sqlalchemy as sa

from ..failpoints import failpoint
from ..store.port import Transaction
from ..world import World
from .activities import Runner
from .desk import Parked
from .incoming import Incoming, Origin
from .parking import Parking, revive
from .rooms import Room
from .unit import Unit

LOG = logging.getLogger("tradewind.engine")
TIMERS = failpoint("timers.due", "timers have come due and are read, not handled")
REVIVED = failpoint("parking.revived", "parked messages are read to be tried again")
NEVER = 1 << 62


class Waking:
    def __init__(self, rooms: dict[str, Room], world: World, parking: Parking) -> None:
        self._rooms, self._world, self._parking = rooms, world, parking
        self.timer: dict[str, int] = dict.fromkeys(rooms, NEVER)
        self.retry: dict[str, int] = dict.fromkeys(rooms, NEVER)
        self.activity: dict[str, int] = dict.fromkeys(rooms, NEVER)
        self._undecodable: list[tuple[Room, Parked]] = []

    def wait_ms(self, now: int) -> int | None:
        """How long nothing is due; None: for ever."""
        first = min((*self.timer.values(), *self.retry.values(), *self.activity.values()), default=NEVER)
        return None if first == NEVER else max(0, first - now)

    async def recover(self, tx: Transaction) -> None:
        for name, room in self._rooms.items():
            self.timer[name] = await _first(tx, room.next_timer, -1)
            self.activity[name] = await _first(tx, room.next_activity, -1)
            room.stale = True
            self.retry[name] = 0

    def undecodable(self, room: Room, letter: Parked) -> None:
        self._undecodable.append((room, letter))

    async def due(self, tx: Transaction, now: int, runner: Runner, limit: int) -> list[Incoming]:
        """What must be handled now; activities that are due are handed to the runner."""
        batch: list[Incoming] = []
        self._parking.revived.clear()
        for name, room in self._rooms.items():
            if self.timer[name] <= now:
                rows = await tx.rows(room.timers_due, {"now": now, "n": limit})
                for timer_id, kind, body, _due in rows:
                    batch.append(Incoming(room, room.decode(room.kinds_by_name[kind], body), Origin.TIMER, timer_id, now))
                TIMERS()
                self.timer[name] = now if len(rows) == limit else await _first(tx, room.next_timer, now)
            if self.retry[name] <= now:
                batch += await self._revive(tx, room, now, limit)
            if self.activity[name] <= now:
                self.activity[name] = await runner.resume(tx, room, now)
        return batch

    async def _revive(self, tx: Transaction, room: Room, now: int, limit: int) -> list[Incoming]:
        batch = []
        if room.stale:
            room.blocked = {key for (key,) in await tx.rows(room.parked_keys)}
            room.stale = False
        self.retry[room.name] = await _first(tx, room.next_parked, now)
        for row in await tx.rows(room.parked_due, {"now": now, "n": limit}):
            letter = Parked(**dict(zip(room.parked.rows.columns.keys(), row, strict=True)))
            try:
                batch.append(revive(room, letter, now))
                self._parking.revived[letter.id] = letter
            except (msgspec.MsgspecError, StopIteration) as error:
                LOG.error("%s: parked message %s cannot be read: %s", room.name, letter.id, error)
        if batch:
            REVIVED()
        return batch

    def note(self, unit: Unit) -> None:
        """After a commit: what it set may come due before what we knew of."""
        for room, timers in unit.timers.items():
            for row in timers.values():
                self.timer[room.name] = min(self.timer[room.name], row[3])
        for room, rows in unit.activities.items():
            for row in rows.values():
                if row[3]:
                    self.activity[room.name] = min(self.activity[room.name], row[4])
        for room in self._rooms.values():
            if room.parked in unit.changed:
                self.retry[room.name] = 0
                room.stale = True


async def _first(tx: Transaction, statement: sa.Select[Any], now: int) -> int:
    first = (await tx.rows(statement, {"now": now}))[0][0]
    return NEVER if first is None else int(first)
