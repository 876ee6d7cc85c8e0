"""Acks requests many at a time: the oldest unfinished one is the border, and what finishes about the same
time has one ack.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from ..amqp.messages import Delivery

ACK_S = 0.005
"""An ack waits for others so long: it only has to come before the prefetch is used up."""


class Acks(Protocol):
    """A link, as far as it acks."""

    def ack(self, delivery: Delivery, *, multiple: bool = False) -> None: ...


class Place:
    """A delivery in the window."""

    __slots__ = ("delivery", "done", "window")

    def __init__(self, delivery: Delivery, window: Window) -> None:
        self.delivery, self.window, self.done = delivery, window, False

    def finish(self) -> None:
        """It may be acked. Once."""
        self.done = True
        window = self.window
        window.done += 1
        if not window.due:
            window.due = True
            asyncio.get_running_loop().call_later(ACK_S, window.flush)
        elif window.done == window.most:
            asyncio.get_running_loop().call_soon(window.flush)


class Window:
    """The deliveries of one life of the channel, in order; a new life has a new window.

    Where the oldest is slow, finished ones pile up behind it and count against the prefetch: past `most`,
    they are acked one by one.
    """

    __slots__ = ("_link", "_places", "done", "due", "most", "stale")

    def __init__(self, link: Acks, most: int) -> None:
        self._link, self.most = link, most
        self._places: deque[Place] = deque()
        self.done = 0
        self.due = self.stale = False

    def add(self, delivery: Delivery) -> Place:
        place = Place(delivery, self)
        self._places.append(place)
        return place

    def flush(self) -> None:
        """Acks what may be acked now."""
        self.due = False
        if self.stale:
            return
        places, last, count = self._places, None, 0
        while places and places[0].done:
            last = places.popleft()
            count += 1
        self.done -= count
        if last is not None:
            self._link.ack(last.delivery, multiple=True)
        if self.done > self.most:
            for place in places:
                if place.done:
                    self._link.ack(place.delivery)
            self._places = deque([place for place in places if not place.done])
            self.done = 0
