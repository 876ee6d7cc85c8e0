"""Says when what is to be written is written: every write wakes the broker, so those that follow each other
fast wait for each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

GATHER_S = 0.001
AT_ONCE = 2
"""Writes within that time that do not wait: a single call is not made slower."""


class Gathering:
    def __init__(self, loop: asyncio.AbstractEventLoop, write: Callable[[], None]) -> None:
        self._loop, self._write = loop, write
        self._since, self._writes = 0.0, 0

    def soon(self) -> None:
        """Has it written once: at the end of this turn, or a moment later."""
        now = self._loop.time()
        if now - self._since >= GATHER_S:
            self._since, self._writes = now, 0
        self._writes += 1
        if self._writes <= AT_ONCE:
            self._loop.call_soon(self._write)
        else:
            self._loop.call_later(GATHER_S, self._write)
