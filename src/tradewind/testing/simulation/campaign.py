"""Runs one schedule after the other until one breaks a promise, and counts the faults that they met: a run
without faults proves little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from time import perf_counter

import msgspec

from ...contracts.policies import DEFAULT, Policies
from .disk import Disk
from .schedule import Result, run
from .shop import Build, build


class Campaign(msgspec.Struct, frozen=True, rename="camel"):
    """`failure` is the first schedule that broke a promise, and the last that was run. The same seeds and
    code: the same `digest`.
    """

    ok: bool
    first_seed: int
    schedules: int
    orders: int
    seconds: float
    digest: str
    counts: dict[str, int]
    failure: Result | None

    @property
    def orders_a_second(self) -> float:
        return self.orders / self.seconds if self.seconds else 0.0


def campaign(
    first: int,
    schedules: int,
    orders: int,
    disk: Disk | None = None,
    *,
    make: Build = build,
    policies: Policies = DEFAULT,
    told: Callable[[Result], None] | None = None,
) -> Campaign:
    """The schedules of the seeds from `first` on. `told` is called with each."""
    disk = disk or Disk()
    began, counts, digest = perf_counter(), dict[str, int](), hashlib.blake2b(digest_size=16)
    result: Result | None = None
    ran = 0
    for seed in range(first, first + schedules):
        result = run(seed, orders, disk, make, policies)
        ran += 1
        digest.update(result.digest.encode())
        for what, times in result.counts.items():
            counts[what] = counts.get(what, 0) + times
        if told is not None:
            told(result)
        if result.violations:
            break
    failure = result if result is not None and result.violations else None
    ordered = dict(sorted(counts.items()))
    return Campaign(
        failure is None,
        first,
        ran,
        ran * orders,
        perf_counter() - began,
        digest.hexdigest(),
        ordered,
        failure,
    )
