"""Counts requests in fixed windows of the wall clock, one count for all connections of this process.

A count belongs to a block of the file and an identifier: a block at a service counts over all its routes.
Several copies of the edge count each for itself, as Kong's do with the policy `local`.
"""

from __future__ import annotations

import time
from calendar import timegm
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

import msgspec

from ..declared import Block
from ..exchange import Answer, Exchange, Headers, with_header
from .base import Around, Config, Plugin

Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "month": 2_592_000, "year": 31_536_000}
MOST_COUNTED = 100_000
"""Identifiers in one window; past them the oldest is forgotten."""


class RateLimitingConfig(Config, frozen=True):
    second: Positive | None = None
    minute: Positive | None = None
    hour: Positive | None = None
    day: Positive | None = None
    month: Positive | None = None
    year: Positive | None = None
    limit_by: Literal["consumer", "credential", "ip", "service", "header", "path"] = "consumer"
    header_name: str = ""
    path: str = ""
    policy: Literal["local"] = "local"
    fault_tolerant: bool = True
    hide_client_headers: bool = False
    error_code: Annotated[int, msgspec.Meta(ge=100, le=599)] = 429
    error_message: str = "API rate limit exceeded"

    def limits(self) -> dict[str, float]:
        given = {period: getattr(self, period) for period in SECONDS}
        return {period: limit for period, limit in given.items() if limit is not None}

    def complaint(self) -> str:
        limits = list(self.limits().items())
        if not limits:
            return f"needs one of {', '.join(SECONDS)}"
        for (shorter, low), (longer, high) in pairwise(limits):
            if high < low:
                return f"{longer}: {high:g} is lower than that of a {shorter}, {low:g}"
        if self.limit_by == "header" and not self.header_name:
            return "limit_by: header needs header_name"
        if self.limit_by == "path" and not self.path.startswith("/"):
            return "limit_by: path needs path"
        return ""

    def note(self) -> str:
        if self.limit_by in ("ip", "service"):
            return ""
        without = {"header": f"the header {self.header_name}", "path": f"the path {self.path}"}
        return (
            f"a request without {without.get(self.limit_by, f'a {self.limit_by}')} is counted by its address"
        )


class _Window:
    """The counts of one period; only the present window is kept."""

    def __init__(self, period: str, limit: float) -> None:
        self.limit = limit
        self.seconds = SECONDS[period]
        self._period, self._start, self._end = period, 0, 0
        self._counts: dict[str, int] = {}
        self.limit_header = f"x-ratelimit-limit-{period}".encode()
        self.remaining_header = f"x-ratelimit-remaining-{period}".encode()

    def left(self, now: int, identifier: str) -> float:
        if not self._start <= now < self._end:
            self._start, self._end = _bounds(self._period, now)
            self._counts.clear()
        return self.limit - self._counts.get(identifier, 0)

    def count(self, identifier: str) -> None:
        counts = self._counts
        counts[identifier] = counts.get(identifier, 0) + 1
        if len(counts) > MOST_COUNTED:
            del counts[next(iter(counts))]

    def reset(self, now: int) -> int:
        return max(1, self.seconds - (now - self._start))


def _bounds(period: str, now: int) -> tuple[int, int]:
    """Begin and end of the window in UTC. Months and years are those of the calendar."""
    if period not in ("month", "year"):
        start = now - now % SECONDS[period]
        return start, start + SECONDS[period]
    year, month = time.gmtime(now)[:2]
    if period == "year":
        return _first(year, 1), _first(year + 1, 1)
    return _first(year, month), _first(year + month // 12, month % 12 + 1)


def _first(year: int, month: int) -> int:
    return timegm((year, month, 1, 0, 0, 0))


class RateLimiting(Plugin):
    name = "rate-limiting"
    priority = 910
    config = RateLimitingConfig
    per_consumer = True

    def __init__(self, config: RateLimitingConfig, block: Block, around: Around) -> None:
        self._config, self._now = config, around.now
        self._windows = [_Window(period, limit) for period, limit in config.limits().items()]
        self._header = config.header_name.lower().encode()

    def access(self, exchange: Exchange) -> Answer | None:
        now, identifier = int(self._now()), self._identifier(exchange)
        left = [(window, window.left(now, identifier)) for window in self._windows]
        stop = next((window for window, remaining in reversed(left) if remaining <= 0), None)
        headers: Headers = []
        nearest: tuple[float, int] | None = None
        limit, reset = 0.0, 1
        for window, remaining in left:
            if stop is None or stop is window:
                remaining -= 1
            remaining = max(0, remaining)
            headers.append((window.limit_header, b"%d" % window.limit))
            headers.append((window.remaining_header, b"%d" % remaining))
            if nearest is None or (remaining, -window.seconds) < nearest:
                nearest, limit, reset = (remaining, -window.seconds), window.limit, window.reset(now)
        assert nearest is not None
        if not self._config.hide_client_headers:
            headers += [
                (b"ratelimit-limit", b"%d" % limit),
                (b"ratelimit-remaining", b"%d" % nearest[0]),
                (b"ratelimit-reset", b"%d" % reset),
            ]
            exchange.noted[self] = headers
        if stop is None:
            for window in self._windows:
                window.count(identifier)
            return None
        wait = [] if self._config.hide_client_headers else [(b"retry-after", b"%d" % reset)]
        return exchange.refusal(self._config.error_code, self._config.error_message, wait)

    def answered(self, exchange: Exchange, headers: Headers) -> None:
        for name, value in exchange.noted.get(self, ()):
            with_header(headers, name, value)

    def _identifier(self, exchange: Exchange) -> str:
        """What is missing is replaced by the address, so that unknown clients do not share one count."""
        by, found = self._config.limit_by, ""
        if by == "service" and exchange.service is not None:
            found = exchange.service.id
        elif by == "header":
            found = (exchange.header(self._header) or b"").decode("latin-1")
        elif by == "path":
            found = exchange.normal if exchange.normal == self._config.path else ""
        elif by == "credential":
            found = exchange.credential
        elif by == "consumer":
            found = exchange.consumer.id if exchange.consumer is not None else exchange.credential
        return f"{by}:{found}" if found else f"ip:{exchange.client}"
