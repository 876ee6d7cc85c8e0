"""Decides when to write: every write wakes the broker, so writes that follow each other fast are joined."""

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
        """Schedules one write: at the end of this turn, or a little later."""
        now = self._loop.time()
        if now - self._since >= GATHER_S:
            self._since, self._writes = now, 0
        self._writes += 1
        if self._writes <= AT_ONCE:
            self._loop.call_soon(self._write)
        else:
            self._loop.call_later(GATHER_S, self._write)
