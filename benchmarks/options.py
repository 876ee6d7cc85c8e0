"""What a person may choose about a run. Apart from the command so that a benchmark can be called with it from
elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Options:
    """`against` is the commit that we are compared with, `before` its `tradewind`; `program` is the one to
    start, where it is not that of this environment.
    """

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
    against: str = ""
    before: str = ""
    program: str = ""
    pin: bool = False
    keep: bool = False
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def twin(self) -> str:
        """In a run of pairs, what the second of each is called."""
        return "again" if self.against_itself else "before" if self.against else ""

    def of_twin(self) -> Options:
        return replace(self, program=self.before)

    @property
    def server_cores(self) -> str:
        """With --pin: every core but the last, which belongs to the load generator."""
        cores = sorted(os.sched_getaffinity(0))
        return ",".join(map(str, cores[:-1])) if self.pin and len(cores) > 1 else ""

    @property
    def client_cores(self) -> str:
        cores = sorted(os.sched_getaffinity(0))
        return str(cores[-1]) if self.pin and len(cores) > 1 else ""
