"""Finds the orders that are under way, so that none of them is reported as broken."""

from __future__ import annotations

import msgspec

from ...services.payments.domain import CheckDue
from .money import PAID
from .rows import Rows
from .stories import Story
from .waits import waits
from .wiring import WHOLE, Wiring

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
        for ear in of.ears:
            flight.orders.update([missed.key for missed in await ear.missed(source)])
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
