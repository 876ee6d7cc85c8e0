"""Writes lines to stderr without ever waiting for the reader: a log pipe that is full must not stop the shop.

A pipe that is ready takes at least `PIPE_BUF` bytes at once, so what is written in pieces of that size, each
after a poll, cannot block. What does not fit is kept up to a bound, then dropped and counted.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

PIECE = 4096  # PIPE_BUF of Linux
BOUND = 1 << 20


class Sink:
    """One per process and file descriptor. Any thread may write."""

    def __init__(self, fd: int, *, bound: int = BOUND) -> None:
        self._fd, self._bound = fd, bound
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._lock = threading.Lock()
        self._kept = bytearray()
        self._untold = 0
        self.dropped = 0

    @property
    def kept(self) -> int:
        """Bytes that wait for the reader."""
        return len(self._kept)

    def write(self, lines: bytes) -> None:
        """Whole lines, each with its end. Never raises, never waits."""
        with self._lock:
            self._flush()  # first what waits: it makes room
            self._keep(lines)
            self._flush()

    def flush(self) -> None:
        with self._lock:
            self._flush()

    def _keep(self, lines: bytes) -> None:
        room = self._bound - len(self._kept)
        if len(lines) > room:
            fits = lines.rfind(b"\n", 0, max(room, 0)) + 1
            lost = lines.count(b"\n", fits)
            self.dropped += lost
            self._untold += lost
            lines = lines[:fits]
        self._kept += lines

    def _flush(self) -> None:
        done, kept = 0, self._kept
        try:
            while done < len(kept) and self._ready():
                # whole lines where they fit: another process may write to the same pipe
                end = kept.rfind(b"\n", done, done + PIECE) + 1 or done + PIECE
                done += os.write(self._fd, kept[done:end])
            if done == len(kept) and self._untold and self._ready():
                os.write(
                    self._fd,
                    b'{"level":"warning","event":"log lines dropped","logger":"logs","count":%d}\n'
                    % self._untold,
                )
                self._untold = 0
        except OSError:
            done = len(kept)  # the reader has gone
        del kept[:done]

    def _ready(self) -> bool:
        return any(event & select.POLLOUT for _, event in self._poll.poll(0))


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
