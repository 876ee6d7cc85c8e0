"""Hands answers to the broker; while it cannot take any they wait here, and their requests stay unacked,
which is the bound.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from ..amqp.errors import LinkDown, LinkFull
from ..amqp.link import Link
from ..amqp.properties import Properties
from .proving import AGAIN_S, Prover, Waiting


class Replies:
    """Sends replies over links of their own: a broker that blocks publishers must not stop acknowledgements.
    `proofs` is for new addresses.
    """

    def __init__(self, link: Link, proofs: Link) -> None:
        self._link = link
        self._prover = Prover(proofs, self.send)
        self._waiting: deque[Waiting] = deque()
        self._again: asyncio.TimerHandle | None = None
        link.on_up.append(self._drain)

    @property
    def waiting(self) -> int:
        return len(self._waiting) + self._prover.waiting

    def send(self, asked: Properties, packet: bytes, then: Callable[[], None]) -> None:
        """To where `asked` wants it, now or later; `then`, once it is on its way or never can be. It is no
        larger than a link may send.
        """
        if not self._prover.proven(asked.reply_to):
            self._prover.send(asked, packet, then)
        elif self._hand_over(asked, packet):
            then()
        else:
            self._waiting.append((asked, packet, then))
            self._later()

    def forget(self) -> None:
        """What waits: its requests will come again."""
        self._waiting.clear()
        self._prover.forget()

    def close(self) -> None:
        self._prover.close()
        self._hold()

    def _hold(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _later(self) -> None:
        if self._again is None and self._link.up:  # else `on_up` brings us back
            self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._drain)

    def _hand_over(self, asked: Properties, packet: bytes) -> bool:
        try:
            self._link.publish("", asked.reply_to, packet, Properties(correlation_id=asked.correlation_id))
        except (LinkDown, LinkFull):
            return False
        return True

    def _drain(self) -> None:
        self._hold()
        waiting = self._waiting
        while waiting:
            asked, packet, then = waiting[0]
            if not self._hand_over(asked, packet):
                return self._later()
            waiting.popleft()
            then()
        return None
