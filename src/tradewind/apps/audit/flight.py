"""Knows which orders something still concerns, so that an order on its way is not taken for one that went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import msgspec
import sqlalchemy as sa

from ...chassis.engine.rooms import Line, Room, furnish
from ...services.payments.domain import CheckDue
from ...services.payments.provider.port import Provider
from ..assembly import services
from .money import PAID
from .stories import TIMER, Rows, Story


class About(msgspec.Struct, rename="camel"):
    """The fields by which a message says whom it concerns."""

    type: str = ""
    order_id: str = ""
    payment_id: str = ""


_about = msgspec.json.Decoder(About)
CHECK = CheckDue.__struct_config__.tag


def rooms() -> dict[str, Room]:
    """All services, to know who hears whom. Nothing of them is run, so there is no provider."""
    return furnish(services(cast(Provider, None), 1))


def unread(room: Room, line: Line, columns: Iterable[Any], after: int) -> sa.Select[Any]:
    """What a subscriber has not read of a source. Rows that it does not hear do not count: its place moves over them with the next."""
    log = line.source.log.c
    heard = [log.name == name for name, kind in line.source.says.items() if room.hears(kind)]
    return sa.select(*columns).select_from(line.source.log).where(log.seq > after, sa.or_(*heard))


class Flight:
    """Orders and payments that a message, an activity, a timer or a parked message concerns. `checks`: a look at the provider is due."""

    def __init__(self) -> None:
        self.orders: set[str] = set()
        self.payments: set[str] = set()
        self.checks: set[str] = set()

    def concern(self, body: str) -> None:
        try:
            about = _about.decode(body)
        except msgspec.MsgspecError:
            return
        if about.order_id:
            self.orders.add(about.order_id)
        if about.payment_id:
            (self.checks if about.type == CHECK else self.payments).add(about.payment_id)

    def has(self, story: Story) -> bool:
        return story.due or self.carries(story)

    def carries(self, story: Story) -> bool:
        """Is something about to happen to it, besides its own deadline?"""
        if story.id in self.orders:
            return True
        return any([p.id in self.payments or (p.id in self.checks and p.status not in PAID) for p in story.payments])


async def in_flight(source: Rows, rooms: dict[str, Room]) -> Flight:
    """Everything that waits, in all services."""
    flight = Flight()
    for room in rooms.values():
        places = dict(await source.rows(room.positions))
        for name, line in room.lines.items():
            flight.orders.update([key for (key,) in await source.rows(unread(room, line, [line.source.log.c.key], places.get(name, 0)))])
        for (body,) in await source.rows(sa.select(room.activities.c.body)):
            flight.concern(body)
        # an order's own deadline is read with its story: there may be as many as orders
        for (body,) in await source.rows(sa.select(room.timers.c.body).where(~room.timers.c.id.startswith(TIMER))):
            flight.concern(body)
        for key, body in await source.rows(sa.select(room.parked.rows.c.key, room.parked.rows.c.body)):
            flight.orders.add(key)
            flight.concern(body)
    return flight
