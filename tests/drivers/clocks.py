"""Clocks of tests of drivers."""

from __future__ import annotations

import asyncio
import time


class Hand:
    """Moved by hand."""

    def __init__(self) -> None:
        self.at = 1_700_000_000_000

    def now(self) -> int:
        return self.at

    async def passes(self, ms: int) -> None:
        self.at += ms


class Wall:
    """The one on the wall, for what another program counts."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def passes(self, ms: int) -> None:
        await asyncio.sleep(ms / 1_000)
