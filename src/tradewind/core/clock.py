"""Where time and ids come from, so that a test can replay a day from a seed and nothing else reads a
clock.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias

IdVersion: TypeAlias = Literal["v7", "v4"]

_UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Clock(Protocol):
    """The only source of time (ms since the epoch), ids and chance."""

    random: random.Random

    def now(self) -> int: ...

    def uuid(self) -> str:
        """An internal id (a claim, an event, a dead letter): always a UUIDv7, above all before it."""
        ...

    def business_id(self) -> str:
        """An id of the installation (an order, a user): a UUID of the version that the policy says."""
        ...

    def business_id_of(self, internal: str) -> str:
        """The business id that belongs to an internal one: the same each time."""
        ...

    def past(self, uuid: str) -> None:
        """From now on, ids come after this one: an earlier process may have had a clock that was ahead of
        ours.
        """
        ...


class SystemClock:
    """The real clock, and UUIDv7 (RFC 9562, section 6.2 method 1) that increase within this process. With
    `ids` v4, business ids are UUIDv4 and say no time.
    """

    def __init__(self, seed: int | None = None, *, ids: IdVersion = "v7") -> None:
        self.ids = ids
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

    def business_id(self) -> str:
        return self.uuid() if self.ids == "v7" else _version_4("%032x" % self._draw.getrandbits(128))  # noqa: UP031

    def business_id_of(self, internal: str) -> str:
        return internal if self.ids == "v7" else derived("", internal)

    def past(self, uuid: str) -> None:
        self._last = max(self._last, int(uuid[:8] + uuid[9:13] + uuid[15:18], 16))


@lru_cache(maxsize=16_384)
def derived(of: str, kind: str) -> str:
    """The id of the one `kind` that belongs to `of`, the same on every machine. Of a UUIDv7 it is a UUIDv7 of
    the same millisecond, so that its row lies by its neighbours in an index; of any other text it is a hash
    in the form of a UUIDv4, which other systems accept where they ask for a UUID.
    """
    text = f"{of}:{kind}".encode()
    if _UUID_7.fullmatch(of):
        digest = hashlib.blake2b(text, digest_size=10).hexdigest()
        return f"{of[:13]}-7{digest[:3]}-8{digest[3:6]}-{digest[6:18]}"
    return _version_4(hashlib.blake2b(text, digest_size=16).hexdigest())


def _version_4(digits: str) -> str:
    """A UUIDv4 of 32 hexadecimal digits, of which two give way to version and variant."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
