"""Spells what every log line has: its time, once per millisecond however many lines share it, in text that
can be written.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def plain(text: str) -> str:
    """The text, with what UTF-8 cannot hold (half a surrogate pair) spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


class Stamps:
    """The time as `2026-11-21T09:30:00.123Z`. `clock` gives nanoseconds since the epoch."""

    __slots__ = ("_clock", "_milli", "_second", "_stamp", "_text")

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._milli = self._second = -1
        self._stamp = self._text = ""

    def now(self) -> str:
        milli = self._clock() // 1_000_000
        if milli != self._milli:
            self._milli = milli
            second, rest = divmod(milli, 1000)
            if second != self._second:
                self._second = second
                self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._stamp = f"{self._text}.{rest:03d}Z"
        return self._stamp
