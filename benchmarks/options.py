"""What a person may choose about a run. Apart from the command so that a benchmark can be called with it from
elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    rounds: int = 3
    seconds: float = 5
    warm_up: float | None = None
    connections: int = 64
    rate: float | None = None
    minutes: float = 10
    orders: int = 50_000
    large: int = 1_000_000
    unfinished: int = 10_000
    against_itself: bool = False
    pin: bool = False
    keep: bool = False
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def server_cores(self) -> str:
        """With --pin: every core but the last, which belongs to the load generator."""
        cores = sorted(os.sched_getaffinity(0))
        return ",".join(map(str, cores[:-1])) if self.pin and len(cores) > 1 else ""

    @property
    def client_cores(self) -> str:
        cores = sorted(os.sched_getaffinity(0))
        return str(cores[-1]) if self.pin and len(cores) > 1 else ""
