"""A clock that stands still until it is moved, a timer on it, and a service that answers as it is told."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from tradewind.apis.kernel.resilience.breaker import Rules
from tradewind.apis.kernel.resilience.guarded import Guarded, Verdict
from tradewind.apis.kernel.resilience.presets import READ, Preset

Ended = tuple[Verdict, Any]


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def __call__(self) -> float:
        return self.now

    def later(self, delay: float, then: Callable[[], None]) -> None:
        assert delay >= 0
        heapq.heappush(self._timers, (self.now + delay, next(self._number), then))

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, then = heapq.heappop(self._timers)
            then()
        self.now = end

    @property
    def waiting(self) -> int:
        return len(self._timers)


class Service:
    """Each attempt is answered after `takes` seconds with the next of `says`, or with `usual`; None is a
    timeout.
    """

    def __init__(self, time: Time, usual: Verdict = Verdict.FINE) -> None:
        self.time, self.usual, self.takes = time, usual, 0.001
        self.says: list[Verdict] = []
        self.timeouts: list[float] = []
        self.began: list[float] = []

    def __call__(self, timeout: float, then: Callable[[Verdict], None]) -> None:
        self.timeouts.append(timeout)
        self.began.append(self.time.now)
        said = self.says.pop(0) if self.says else self.usual
        self.time.later(
            timeout if said is Verdict.TIMED_OUT else min(self.takes, timeout), lambda: then(said)
        )


class Stand:
    """A guarded service on a clock of its own. An outcome is a verdict."""

    def __init__(self, *, rules: Rules | None = None, in_flight: int = 1_024, chance: float = 0.5) -> None:
        self.time = Time()
        self.service = Service(self.time)
        self.guarded: Guarded[Verdict] = Guarded(
            "ORDERS",
            lambda said: said,
            clock=self.time,
            later=self.time.later,
            in_flight=in_flight,
            rules=rules,
            chance=lambda: chance,
        )
        self.ended: list[Ended] = []

    def start(self, preset: Preset = READ, *, retryable: bool = True) -> None:
        self.guarded.run(
            preset, retryable, self.service, lambda verdict, outcome: self.ended.append((verdict, outcome))
        )

    def call(self, *says: Verdict, preset: Preset = READ, retryable: bool = True) -> Ended:
        """One call from beginning to end."""
        self.service.says[:] = says
        before = len(self.ended)
        self.start(preset, retryable=retryable)
        for _ in range(10_000):
            if len(self.ended) > before:
                return self.ended[before]
            self.time.pass_by(0.01)
        raise AssertionError("the call has no end")

    def trip(self) -> None:
        """Opens the circuit by calls that fail."""
        for _ in range(5):
            self.call(Verdict.FAILED, retryable=False)
