"""Keeps what a load run measured in a bounded place: a day of requests takes as much memory as a minute of
them.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec

STEP = 1.01  # neighbouring buckets: a quantile is at most one per cent off
LOG_STEP = math.log(STEP)
QUANTILES = {"med": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
FIGURES = ("avg", "min", *QUANTILES, "max")
KINDS_OF_FAILURE = 50


class Trend:
    """Times in milliseconds. The average, least and greatest are exact, the quantiles within one per cent."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._sum = 0.0
        self.count, self.least, self.most = 0, math.inf, 0.0

    def add(self, ms: float) -> None:
        ms = max(ms, 0.001)
        self._buckets[round(math.log(ms) / LOG_STEP)] += 1
        self._sum += ms
        self.count += 1
        self.least, self.most = min(self.least, ms), max(self.most, ms)

    def quantile(self, share: float) -> float:
        """The time that this share of all times does not exceed."""
        wanted, seen = max(1, math.ceil(share * self.count)), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(max(STEP**bucket, self.least), self.most)
        return 0.0

    def told(self) -> dict[str, float]:
        """Nothing where nothing was measured."""
        if not self.count:
            return {}
        found = {
            "avg": self._sum / self.count,
            "min": self.least,
            **{name: self.quantile(share) for name, share in QUANTILES.items()},
        }
        return {name: round((found | {"max": self.most})[name], 2) for name in FIGURES}


class Metrics(msgspec.Struct):
    """What k6 would call them: a rate, four trends, counters. `failures` says of which kind, as far as there
    are not too many kinds.
    """

    requests: int = 0
    failed: int = 0
    iterations: int = 0
    orders_created: int = 0
    users: int = 0
    most_users: int = 0
    seconds: float = 0.0
    latency: Trend = msgspec.field(default_factory=Trend)
    order_latency: Trend = msgspec.field(default_factory=Trend)
    inventory_latency: Trend = msgspec.field(default_factory=Trend)
    payment_latency: Trend = msgspec.field(default_factory=Trend)
    failures: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def errors(self) -> float:
        """The share of requests that failed."""
        return self.failed / self.requests if self.requests else 0.0

    @property
    def pace(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def trends(self) -> dict[str, Trend]:
        return {
            name: getattr(self, name)
            for name in ("latency", "order_latency", "inventory_latency", "payment_latency")
        }

    def answered(self, ms: float, trend: Trend | None) -> None:
        """A request came to an end, with whatever answer."""
        self.requests += 1
        self.latency.add(ms)
        if trend is not None:
            trend.add(ms)

    def fail(self, why: str) -> None:
        """The last request did not do what it should."""
        self.failed += 1
        self.failures[
            why if why in self.failures or len(self.failures) < KINDS_OF_FAILURE else "other reasons"
        ] += 1

    def line(self) -> str:
        """How it goes, in one line."""
        return (
            f"{self.users} users  {self.requests:,} requests  {self.pace:,.1f}/s  "
            f"{self.orders_created:,} orders  {self.errors:.2%} errors  "
            f"p95 {self.latency.quantile(0.95):,.1f} ms"
        )

    def told(self) -> dict[str, Any]:
        """As a program reads it. Times in ms, rates a second, `errors` a share."""
        return {
            "errors": round(self.errors, 6),
            "failed": self.failed,
            "failures": dict(self.failures.most_common()),
            "requests": self.requests,
            "requestsPerSecond": round(self.pace, 2),
            "iterations": self.iterations,
            "orders_created": self.orders_created,
            "users": self.users,
            "usersMax": self.most_users,
            "seconds": round(self.seconds, 2),
            **{name: trend.told() for name, trend in self.trends().items()},
        }
