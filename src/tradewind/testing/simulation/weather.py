"""Draws from the seed what goes wrong in a schedule, and how often. Each kind of trouble is off in many
schedules: what hides in a storm of everything shows in a storm of two.
"""

from __future__ import annotations

import random

YEAR_ENDS = 1_798_761_595_000  # 2026-12-31T23:59:55Z
NOON = 1_795_262_400_000  # 2026-11-21T12:00:00Z
MOST_CRASHES = 6


class Weather:
    """`calm` ends all faults: what failed before must recover by itself."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(f"{seed}/weather")

        def some(share: float, *values: float) -> float:
            return draw.choice(values) if draw.random() < share else 0

        self.random = random.Random(f"{seed}/luck")
        self.calm = False
        self.start = YEAR_ENDS if draw.random() < 0.1 else NOON
        self.deadline_ms = draw.choice((4_000, 20_000, 60_000, 900_000))
        self.span_s = draw.choice((0.05, 1.0, 10.0, 60.0))
        # the process
        self.crash_after = some(0.7, 3, 12, 40)  # times that a place is passed, on average
        self.crash_again = some(0.5, 0.3, 0.7)  # soon after the start
        self.crash_any_s = some(0.2, 0.5, 5.0)  # at any moment, this often
        self.restart_s = some(0.15, 2.0, 20.0)
        self.stumbles = some(0.15, 0.05, 0.2)
        self.narrow = draw.random() < 0.3
        self.keep_ms = int(some(0.1, 600_000))
        # a clock set forward by minutes would make an hour's memory forget what was asked just now
        self.jumps_s = some(0.2, 1.0, 10.0) if not self.keep_ms else 0
        # the store
        self.store_fails = some(0.4, 0.02, 0.1, 0.3)
        self.commit_fails = some(0.4, 0.02, 0.1, 0.3)
        self.commit_unknown = some(0.4, 0.02, 0.1, 0.3)
        self.failpoint_errors = some(0.2, 0.01, 0.05)
        self.slow_disk = some(0.3, 0.05, 0.3)
        # the provider and the way to it
        self.provider_faults = some(0.5, 0.05, 0.3, 0.6)
        self.lost = some(0.4, 0.05, 0.3)
        self.late = some(0.4, 0.1, 0.4)
        self.hangs = some(0.2, 0.05, 0.2)
        self.posts_lost = some(0.4, 0.2, 0.7)
        self.posts_twice = some(0.4, 0.3, 1.0)
        self.rumours_s = some(0.4, 0.1, 1.0, 5.0)
        # the clients
        self.keyless = 0.05
        self.answers_lost = some(0.5, 0.1, 0.4)
        self.asked_twice = some(0.5, 0.1, 0.5)

    def strikes(self, share: float) -> bool:
        return share > 0 and not self.calm and self.random.random() < share

    def disk_s(self) -> float:
        if self.strikes(self.slow_disk):
            return self.random.uniform(0.02, 1.5)
        return self.random.uniform(0.0001, 0.003)

    def way_s(self) -> float:
        """How long a message is under way."""
        if self.strikes(self.late):
            return self.random.uniform(0.5, 40.0)
        return self.random.uniform(0.0005, 0.05)

    def soon_s(self, mean: float) -> float:
        return self.random.expovariate(1 / mean)
