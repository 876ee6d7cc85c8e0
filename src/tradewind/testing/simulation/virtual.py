"""An event loop on virtual time: its clock jumps to the next timer as soon as there is nothing to do now."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from ...core.clock import IdVersion, SystemClock

MOST_TURNS = 50_000


class Stuck(Exception):
    """The schedule cannot go on: all tasks wait for each other, or one never waits."""


class VirtualClock(selectors.BaseSelector):
    """The selector of the loop. There is no network: waiting moves the clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = 0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("everybody waits for somebody: no timer is set")
        if timeout > 0:
            self.now += timeout
            self.turns = 0
        else:
            self.turns += 1
            if self.turns > MOST_TURNS:
                raise Stuck("somebody never waits: the clock stands still")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._keys[fileobj] = selectors.SelectorKey(
            fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data
        )
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = VirtualClock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


class SeededClock(SystemClock):
    """The shop's idea of time, ids and chance: its clock may be set forward or back by `skew_ms`."""

    def __init__(
        self, clock: VirtualClock, start: int, seed: int, skew_ms: int = 0, ids: IdVersion = "v7"
    ) -> None:
        self._clock, self._start, self.skew_ms = clock, start, skew_ms
        super().__init__(seed, ids=ids)

    def now(self) -> int:
        return self._start + self.skew_ms + int(self._clock.now * 1_000)
