"""Checks that everything that waits has something that will continue it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...services.orders.domain import PENDING
from .findings import Broken
from .flight import Flight
from .rows import Rows
from .stories import Story
from .waits import Waits, waits
from .wiring import WHOLE, Wiring

LATE_MS, OLD_MS = 60_000, 600_000
UNSENT_MS = 15_000  # a lease, and a relay to take it up
MOST = 1_000


async def stuck(source: Rows, now: int, *, unread_before: int, wiring: Wiring = WHOLE) -> list[Broken]:
    """What is late at `now`, the first thousand of each kind; and the events from before `unread_before` that
    are not read.
    """
    found = []
    for of in waits(wiring):
        found += await _unread(source, of, unread_before)
        found += await _unheard(source, of, unread_before)
        found += await _late(source, of, now)
    return found


def pending(story: Story, flight: Flight, wiring: Wiring) -> Iterator[Broken]:
    """An order's deadline is set and taken away with its status, in one transaction: PENDING without one, it
    waits for nothing.

    One that was only written down never had a deadline, and may stay as it is.
    """
    if story.order is None or (wiring.leaves_pending and not story.order.expires_at):
        return
    if story.order.status == PENDING and not flight.has(story):
        yield story.broken("PENDING, with no deadline, and nothing is under way for it")


async def last_sign(source: Rows, wiring: Wiring = WHOLE) -> int:
    """When the platform was last seen to do something: for one that is stopped, time has stood still
    since.
    """
    seen = [0]
    for of in waits(wiring):
        for question in (of.last_said, of.last_answered):
            seen += [at for (at,) in await source.rows(question)]
    return max(seen)


async def _unread(source: Rows, of: Waits, before: int) -> list[Broken]:
    places, found = dict(await source.rows(of.positions)), []
    for name, (_, first) in of.unread.items():
        for seq, event, at in await source.rows(first, {"after": places.get(name, 0)}):
            if at < before:
                found.append(Broken(f"{name}#{seq}", f"{event} of {name} is not read by {of.name}"))
    return found


async def _unheard(source: Rows, of: Waits, before: int) -> list[Broken]:
    """The first of each source: those behind it wait for their turn."""
    found = []
    for ear in of.ears if before else ():
        found += [
            Broken(
                f"{ear.source}#{missed.seq}",
                f"{missed.name} of {ear.source} ({missed.key}) is not heard by {of.name}",
            )
            for missed in (await ear.missed(source, known=True))[:1]
            if missed.at < before
        ]
    return found


async def _late(source: Rows, of: Waits, now: int) -> list[Broken]:
    late: dict[str, Any] = {"before": now - LATE_MS, "n": MOST}
    timers = [
        Broken(key, f"a timer of {of.name}, {(now - due) // 1_000} s late")
        for key, due in await source.rows(of.late_timers, late)
    ]
    activities = [
        Broken(
            key,
            f"{name} is {(now - at) // 1_000} s old after {attempts} "
            f"attempts{f' ({reason})' if reason else ''}",
        )
        for key, name, attempts, reason, at in await source.rows(
            of.old_activities, {**late, "before": now - OLD_MS}
        )
    ]
    retries = [
        Broken(key, f"{of.name} was to try {name} again {(now - due) // 1_000} s ago")
        for key, name, due in await source.rows(of.late_retries, late)
    ]
    unsent = [
        Broken(
            key, f"an event of {of.name} ({order}) is not handed to the broker after {(now - at) // 1_000} s"
        )
        for key, order, at in await source.rows(of.late_unsent, {**late, "before": now - UNSENT_MS})
    ]
    return timers + activities + retries + unsent
