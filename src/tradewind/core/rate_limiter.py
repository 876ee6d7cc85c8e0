"""Gives every caller of an API the same share, so that one of them cannot use it up: what a limit is, the
port by which it is kept, and how one process keeps it by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

MINUTE = 60_000
T = TypeVar("T")


class Limit(msgspec.Struct, frozen=True):
    """`rate` a minute for each caller; 0: no limit. `window`: counted in windows of a minute from the first
    request on, in which what is refused counts too; else a caller may ask as often at once, and regains his
    share evenly. `most` callers are counted in one process at a time; beyond that, the longest unseen are
    forgotten. Where the limit is shared, the count of a caller lies under `key` and his name; empty: under a
    key of the API.
    """

    rate: int
    window: bool = False
    most: int = 50_000
    key: str = ""


class RateLimiter(Protocol):
    """Counts the requests of each caller, in this process or for all that share the limit. `now` is ms since
    the epoch.
    """

    @property
    def limits(self) -> bool: ...

    def at_once(self, who: str, now: int) -> int | None:
        """Counts one: 0, or the seconds after which the next one is free. None: nothing is counted yet, and
        another must be asked.
        """
        ...

    def ask(self, who: str, now: int, then: Callable[[int], None]) -> None:
        """As `at_once`; calls `then` with it, from the event loop and soon, whatever is away."""
        ...


class Counts(RateLimiter, Protocol):
    """The counts of this process, which stand in where the shared ones are away."""

    def at_once(self, who: str, now: int) -> int: ...

    def told(self, who: str, now: int, first: int, second: int) -> int:
        """Takes over what the shared count says of a caller, so that he has no second share here; the wait,
        as `at_once`. The two figures are those of the shape of the limit.
        """
        ...


class _Recent(Generic[T]):
    """What was set within the last minute: two generations of a minute each, `most` of each."""

    def __init__(self, most: int, default: T) -> None:
        self._most, self._default = most, default
        self.young: dict[str, T] = {}
        self.old: dict[str, T] = {}
        self._turn = 0

    def get(self, who: str, now: int) -> T:
        if now >= self._turn or len(self.young) >= self._most:
            self.old, self.young, self._turn = self.young, {}, now + MINUTE
        found = self.young.get(who)
        return found if found is not None else self.old.get(who, self._default)


class Buckets:
    """`rate` a minute, and at once as many as one minute's worth. 0: no limit.

    A bucket is one number: when it would be full again. One that nobody touched for a minute is full.
    """

    def __init__(self, rate: int, most: int) -> None:
        self._rate = rate
        self._pause = MINUTE / rate if rate else 0.0
        self.recent = _Recent(most, 0.0)

    @property
    def limits(self) -> bool:
        return self._rate > 0

    def at_once(self, who: str, now: int) -> int:
        if not self._rate:
            return 0
        full_at = self.recent.get(who, now)
        after = full_at + self._pause if full_at > now else now + self._pause
        if after - now > MINUTE:
            return _seconds(after - now - MINUTE)
        self.recent.young[who] = after
        return 0

    def ask(self, who: str, now: int, then: Callable[[int], None]) -> None:
        then(self.at_once(who, now))

    def told(self, who: str, now: int, first: int, second: int) -> int:
        """Of the shared bucket: 1 where one was taken, and after how many ms it is full."""
        self.recent.get(who, now)
        self.recent.young[who] = now + second
        return 0 if first else max(1, _seconds(second + self._pause - MINUTE))

    def left(self, who: str, now: int) -> int:
        """As `at_once`, but takes nothing."""
        return _seconds(self.recent.get(who, now) + self._pause - now - MINUTE) if self._rate else 0

    def charge(self, who: str, now: int) -> None:
        """Takes one even where none is left: what went wrong at the same time is paid for later."""
        if self._rate:
            self.recent.young[who] = max(self.recent.get(who, now), now) + self._pause


class Windows:
    """`rate` in a minute from the first request on; 0: no limit."""

    def __init__(self, rate: int, most: int) -> None:
        self._rate = rate
        self.recent: _Recent[tuple[int, int]] = _Recent(most, (0, 0))

    @property
    def limits(self) -> bool:
        return self._rate > 0

    def at_once(self, who: str, now: int) -> int:
        if not self._rate:
            return 0
        count, until = self.recent.get(who, now)
        if now >= until or until - now > MINUTE:
            count, until = 0, now + MINUTE
        return self.told(who, now, count + 1, until - now)

    def ask(self, who: str, now: int, then: Callable[[int], None]) -> None:
        then(self.at_once(who, now))

    def told(self, who: str, now: int, first: int, second: int) -> int:
        """Of the shared window: how many it has counted, and after how many ms it ends."""
        self.recent.get(who, now)
        self.recent.young[who] = first, now + second
        return 0 if first <= self._rate else max(1, _seconds(second))


def in_process(limit: Limit) -> Counts:
    """A limit that this process keeps by itself."""
    return Windows(limit.rate, limit.most) if limit.window else Buckets(limit.rate, limit.most)


def _seconds(ms: float) -> int:
    return 0 if ms <= 0 else int(-(-ms // 1_000))
