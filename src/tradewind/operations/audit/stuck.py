"""Finds what is under way, so that no order on its way is reported as broken; checks that everything that
waits has something that will continue it; and lists the dead letters, whose orders wait for an operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ...core.checks import Broken, Rows
from ...services.orders.domain import PENDING
from ...services.payments.domain import CheckDue
from .ends import PAID
from .report import SHOWN, Finding, Promise
from .stories import Story
from .waits import Waits, waits
from .wiring import WHOLE, Wiring

LATE_MS, OLD_MS = 60_000, 600_000
UNSENT_MS = 15_000  # a lease, and a relay to take it up
MOST = 1_000
CHECK = CheckDue.__struct_config__.tag


class About(msgspec.Struct, rename="camel"):
    """The fields by which a message names its order."""

    type: str = ""
    order_id: str = ""
    payment_id: str = ""


_about = msgspec.json.Decoder(About)


def about(body: str) -> About:
    """The order of a message; none where it cannot be read."""
    try:
        return _about.decode(body)
    except msgspec.MsgspecError:
        return About()


class Flight:
    """Orders and payments that a message, an activity, a timer or a parked message concerns. `checks`: a look
    at the provider is due.
    """

    def __init__(self) -> None:
        self.orders: set[str] = set()
        self.payments: set[str] = set()
        self.checks: set[str] = set()

    def concern(self, body: str) -> None:
        whom = about(body)
        self.orders.add(whom.order_id)
        (self.checks if whom.type == CHECK else self.payments).add(whom.payment_id)

    def has(self, story: Story) -> bool:
        """Is something still about to happen to it?"""
        if story.due or story.id in self.orders:
            return True
        return any(
            [p.id in self.payments or (p.id in self.checks and p.status not in PAID) for p in story.payments]
        )


async def in_flight(source: Rows, wiring: Wiring = WHOLE) -> Flight:
    """Everything that waits, in all services, and between them."""
    flight = Flight()
    for of in waits(wiring):
        flight.orders.update([key for (key,) in await source.rows(of.unsent)])
        for queue in of.queues:
            flight.orders.update([missed.key for missed in await queue.missed(source)])
        places = dict(await source.rows(of.positions))
        for name, (keys, _) in of.unread.items():
            flight.orders.update([key for (key,) in await source.rows(keys, {"after": places.get(name, 0)})])
        for question in (of.activities, of.timers):
            for (body,) in await source.rows(question):
                flight.concern(body)
        for key, body in await source.rows(of.parked):
            flight.orders.add(key)
            flight.concern(body)
    return flight


async def stuck(source: Rows, now: int, *, unread_before: int, wiring: Wiring = WHOLE) -> list[Broken]:
    """What is late at `now`, the first thousand of each kind; and the events from before `unread_before` that
    are not read.
    """
    found = []
    for of in waits(wiring):
        found += await _unread(source, of, unread_before)
        found += await _unhandled(source, of, unread_before)
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


async def _unhandled(source: Rows, of: Waits, before: int) -> list[Broken]:
    """The first of each source: those behind it wait for their turn."""
    found = []
    for queue in of.queues if before else ():
        found += [
            Broken(
                f"{queue.source}#{missed.seq}",
                f"{missed.name} of {queue.source} ({missed.key}) is not handled by {of.name}",
            )
            for missed in (await queue.missed(source, known=True))[:1]
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


async def letters(source: Rows, wiring: Wiring = WHOLE) -> Finding:
    """The line that is always well."""
    found, count = [], 0
    for of in waits(wiring):
        count += (await source.rows(of.dead_count))[0][0]
        for key, name, order, body, reason in await source.rows(of.dead, {"n": SHOWN}):
            whom = order or about(body).order_id or about(body).payment_id
            found.append(Broken(key, f"{name}{f' of {whom}' if whom else ''}: {reason}"))
    found.sort(key=lambda letter: letter.id)
    note = "`tradewind dead-letters list` shows them; their orders wait for a decision" if count else ""
    return Finding(Promise.LETTERS.value, True, count, "letters", 0, tuple(found[:SHOWN]), note)
