"""Sends the first reply to a new address over a link of its own: RabbitMQ closes the connection of a
publisher to an address that it cannot resolve (a node that has left, a forged address), and all other replies
use another connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from ..amqp.errors import LinkDown, LinkFull
from ..amqp.link import Link
from ..amqp.properties import Properties
from .addresses import DIRECT

STRIKES: Final = 2
"""Connections that an address may have cost before nothing is sent there: the first may have been lost by
chance.
"""
AGAIN_S: Final = 0.05
MOST_REMEMBERED: Final = 4096

Waiting = tuple[Properties, bytes, Callable[[], None]]
logger = logging.getLogger("tradewind.rpc")


def channel(address: str) -> str:
    """What addresses of one client have in common; empty where there is nothing to prove."""
    return address.rpartition(".")[0] if address.startswith(DIRECT) else ""


class Prover:
    """`link` has confirms. One answer at a time, so that it is known which address was at fault; `passed`
    takes what needs no proof.
    """

    def __init__(self, link: Link, passed: Callable[[Properties, bytes, Callable[[], None]], None]) -> None:
        self._link, self._passed = link, passed
        self._good: set[str] = set()
        self._bad: set[str] = set()
        self._waiting: deque[Waiting] = deque()
        self._trying: Waiting | None = None
        self._strikes = 0
        self._again: asyncio.TimerHandle | None = None
        link.on_up.append(self._next)

    @property
    def waiting(self) -> int:
        return len(self._waiting) + (self._trying is not None)

    def proven(self, address: str) -> bool:
        """Is it known to do no harm?"""
        return not address.startswith(DIRECT) or channel(address) in self._good

    def send(self, asked: Properties, packet: bytes, then: Callable[[], None]) -> None:
        """In its turn: `then`, also where nothing is sent because the address is known to be bad."""
        self._waiting.append((asked, packet, then))
        self._next()

    def forget(self) -> None:
        """What waits, but not what is tried now."""
        self._waiting.clear()

    def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _next(self) -> None:
        self.close()
        while self._trying is None and self._waiting:
            asked, packet, then = self._waiting[0]
            place = channel(asked.reply_to)
            if place in self._good:
                self._waiting.popleft()
                self._passed(asked, packet, then)
            elif place in self._bad:
                self._waiting.popleft()
                then()
            elif not self._try(asked, packet):
                return
            else:
                self._trying = self._waiting.popleft()

    def _try(self, asked: Properties, packet: bytes) -> bool:
        try:
            self._link.publish(
                "", asked.reply_to, packet, Properties(correlation_id=asked.correlation_id), then=self._told
            )
        except LinkDown:  # `on_up` brings us back
            return False
        except LinkFull:
            self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._next)
            return False
        return True

    def _told(self, reason: str) -> None:
        tried, self._trying = self._trying, None
        assert tried is not None  # there is one at a time
        place = channel(tried[0].reply_to)
        if not reason:
            self._strikes = 0
            _add(self._good, place)
            tried[2]()
        else:
            self._strikes += 1
            if self._strikes < STRIKES:
                self._waiting.appendleft(tried)
            else:
                self._strikes = 0
                _add(self._bad, place)
                logger.warning("an address that the broker breaks at is answered no more: %s", reason)
                tried[2]()
        self._next()


def _add(places: set[str], place: str) -> None:
    if len(places) >= MOST_REMEMBERED:
        places.clear()
    places.add(place)
