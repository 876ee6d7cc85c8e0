"""Checks that whatever waits is waited for by somebody, since what nobody moves stays where it is for ever."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ...chassis.engine.rooms import Room
from ...services.orders.domain import PENDING
from .findings import Broken
from .flight import Flight, unread
from .stories import Rows, Story

LATE_MS, OLD_MS = 60_000, 600_000
MOST = 1_000


async def stuck(source: Rows, rooms: dict[str, Room], now: int, *, unread_before: int) -> list[Broken]:
    """What is late at `now`, the first thousand of each kind; and what was said before `unread_before` and is not read."""
    found = []
    for room in rooms.values():
        found += await _unread(source, room, unread_before)
        found += await _timers(source, room, now)
        found += await _activities(source, room, now)
        found += await _retries(source, room, now)
    return found


def pending(story: Story, flight: Flight) -> Iterator[Broken]:
    """An order's deadline is set and taken away with its status, in one transaction: PENDING without one, it waits for nothing."""
    if story.order is not None and story.order.status == PENDING and not flight.has(story):
        yield story.broken("PENDING, with no deadline, and nothing is under way for it")


async def last_sign(source: Rows, rooms: dict[str, Room]) -> int:
    """When the platform was last seen to do something: for one that is stopped, time has stood still since."""
    seen = [0]
    for room in rooms.values():
        seen += [at for (at,) in await source.rows(sa.select(room.log.c.at).order_by(room.log.c.seq.desc()).limit(1))]
        seen += [at or 0 for (at,) in await source.rows(sa.select(sa.func.max(room.inbox.rows.c.at)))]
    return max(seen)


async def _unread(source: Rows, room: Room, before: int) -> list[Broken]:
    places, found = dict(await source.rows(room.positions)), []
    for name, line in room.lines.items():
        log = line.source.log.c
        first = unread(room, line, [log.seq, log.name, log.at], places.get(name, 0)).order_by(log.seq).limit(1)
        found += [
            Broken(f"{name}#{seq}", f"{event} of {name} is not read by {room.name}")
            for seq, event, at in await source.rows(first) if at < before
        ]  # fmt: skip
    return found


async def _timers(source: Rows, room: Room, now: int) -> list[Broken]:
    timer = room.timers.c
    late = sa.select(timer.id, timer.due_at).where(timer.due_at < now - LATE_MS).order_by(timer.due_at).limit(MOST)
    return [Broken(name, f"a timer of {room.name}, {(now - due) // 1_000} s late") for name, due in await source.rows(late)]


async def _activities(source: Rows, room: Room, now: int) -> list[Broken]:
    act = room.activities.c
    old = sa.select(act.id, act.name, act.attempts, act.reason, act.at).where(act.at < now - OLD_MS).order_by(act.at).limit(MOST)
    return [
        Broken(key, f"{name} is {(now - at) // 1_000} s old after {attempts} attempts{f' ({reason})' if reason else ''}")
        for key, name, attempts, reason, at in await source.rows(old)
    ]


async def _retries(source: Rows, room: Room, now: int) -> list[Broken]:
    letter = room.parked.rows.c
    late = sa.select(letter.id, letter.name, letter.due_at).where(letter.status == "RETRYING", letter.due_at < now - LATE_MS)
    return [
        Broken(key, f"{name} was to be tried again by {room.name} {(now - due) // 1_000} s ago")
        for key, name, due in await source.rows(late.order_by(letter.due_at).limit(MOST))
    ]
