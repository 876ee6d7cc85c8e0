"""Gives every caller the same share, so that one of them cannot use up the shop: a token bucket per caller,
bounded in number.
"""

from __future__ import annotations

import ipaddress

from ...core.model import Refused

MINUTE = 60_000


class Buckets:
    """`rate` a minute, and at once as many as one minute's worth. 0: no limit.

    A bucket is one number: when it would be full again. One that nobody touched for a minute is full, so two
    generations of a minute each are all that must be kept; `most` of each.
    """

    def __init__(self, rate: int, most: int) -> None:
        self._rate, self._most = rate, most
        self._pause = MINUTE / rate if rate else 0.0
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._turn = 0

    @property
    def limits(self) -> bool:
        return self._rate > 0

    def take(self, who: str, now: int) -> int:
        """0, or the seconds after which the next one is free."""
        if not self._rate:
            return 0
        full_at = self._full_at(who, now)
        after = full_at + self._pause if full_at > now else now + self._pause
        if after - now > MINUTE:
            return self._wait(after, now)
        self._young[who] = after
        return 0

    def count(self, who: str, now: int) -> None:
        """As `take`. Errors: Refused 429 where none is left."""
        wait = self.take(who, now)
        if wait:
            raise Refused("rate_limited", 429, retry_after=wait)

    def left(self, who: str, now: int) -> int:
        """As `take`, but takes nothing."""
        return self._wait(self._full_at(who, now) + self._pause, now) if self._rate else 0

    def charge(self, who: str, now: int) -> None:
        """Takes one even where none is left: what went wrong at the same time is paid for later."""
        if self._rate:
            self._young[who] = max(self._full_at(who, now), now) + self._pause

    def _full_at(self, who: str, now: int) -> float:
        if now >= self._turn or len(self._young) >= self._most:
            self._old, self._young, self._turn = self._young, {}, now + MINUTE
        return self._young.get(who) or self._old.get(who, 0.0)

    @staticmethod
    def _wait(after: float, now: int) -> int:
        over = after - now - MINUTE
        return 0 if over <= 0 else int(-(-over // 1_000))


def network(client: str) -> str:
    """What stands for an anonymous caller: the address, or of an IPv6 address the /64, which one household
    has whole.
    """
    if ":" not in client:
        return client
    try:
        address = ipaddress.IPv6Address(client.partition("%")[0])
    except ValueError:
        return client
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else f"{int(address) >> 64:x}/64"
