"""Where time and ids come from, so that a test can replay a day from a seed and nothing else reads a
clock.
"""

from __future__ import annotations

import hashlib
import random
import time
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """The only source of time (ms since the epoch), ids and chance."""

    random: random.Random

    def now(self) -> int: ...
    def uuid(self) -> str: ...

    def past(self, uuid: str) -> None:
        """From now on, ids come after this one: an earlier process may have had a clock that was ahead of
        ours.
        """
        ...


class SystemClock:
    """The real clock, and UUIDv7 (RFC 9562, section 6.2 method 1) that increase within this process."""

    def __init__(self, seed: int | None = None) -> None:
        self.random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)
        self._draw = random.Random(self.random.getrandbits(128))
        self._last = 0
        self._ms, self._head = -1, ""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def uuid(self) -> str:
        # 48 bits of milliseconds and 12 bits of counter, as one number: it never repeats or goes back, even
        # when the clock does
        tick = max(self.now() << 12, self._last + 1)
        self._last = tick
        ms = tick >> 12
        if ms != self._ms:
            text = "%012x" % ms  # noqa: UP031  this is measurably the fastest
            self._ms, self._head = ms, f"{text[:8]}-{text[8:]}-7"
        tail = "%015x" % self._draw.getrandbits(60)  # noqa: UP031
        return f"{self._head}{tick & 0xFFF:03x}-8{tail[:3]}-{tail[3:]}"

    def past(self, uuid: str) -> None:
        self._last = max(self._last, int(uuid[:8] + uuid[9:13] + uuid[15:18], 16))


@lru_cache(maxsize=16_384)
def derived(uuid: str, kind: str) -> str:
    """The id of the one `kind` that belongs to `uuid`: a UUIDv7 of the same millisecond, the same on every
    machine.
    """
    digest = hashlib.blake2b(f"{uuid}:{kind}".encode(), digest_size=10).hexdigest()
    return f"{uuid[:13]}-7{digest[:3]}-8{digest[3:6]}-{digest[6:18]}"
