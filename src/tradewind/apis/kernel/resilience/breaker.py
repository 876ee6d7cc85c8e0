"""Stops calling a service that fails, so that its callers are answered at once and it can recover.

It decides as opossum does: on the share of failures among the calls that ended in a rolling window. Unlike
it, an answer to a call from before a change of state changes nothing, and what was never sent (circuit open,
too many calls) is not counted as a call.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from .rolling import Rolling

REFUSED = -1


class State(enum.Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Rules(msgspec.Struct, frozen=True):
    """Opens when at least `failing_percent` of at least `volume` calls within `window_s` failed; tries again
    after `reset_s`.
    """

    failing_percent: float = 50.0
    volume: int = 5
    window_s: float = 10.0
    buckets: int = 10
    reset_s: float = 30.0


class Breaker:
    """`now` is in seconds, on any clock that does not go back. A ticket of `enter` is handed back exactly
    once.
    """

    __slots__ = ("_generation", "_probing", "_rules", "_state", "_until", "window")

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self.window = Rolling(self._rules.window_s, self._rules.buckets)
        self._state = State.CLOSED
        self._generation = 0  # grows with every change of state; a ticket is the generation it was given in
        self._until = 0.0
        self._probing = False

    def enter(self, now: float) -> int:
        """A ticket for one call, or REFUSED."""
        bucket = self.window.at(now)
        bucket.fires += 1
        if self._state is State.CLOSED:
            return self._generation
        if self.state(now) is State.HALF_OPEN and not self._probing:
            self._probing = True
            return self._generation
        bucket.rejects += 1
        return REFUSED

    def succeeded(self, ticket: int, now: float, seconds: float) -> None:
        """The service did its part: an answer, or a refusal that is the caller's fault."""
        bucket = self.window.at(now)
        bucket.successes += 1
        bucket.took(seconds * 1_000)
        if self._state is State.HALF_OPEN and ticket == self._generation:
            self._change(State.CLOSED)

    def failed(self, ticket: int, now: float, seconds: float, *, timed_out: bool = False) -> None:
        bucket = self.window.at(now)
        bucket.failures += 1
        bucket.timeouts += timed_out
        bucket.took(seconds * 1_000)
        if ticket == self._generation and (self._state is State.HALF_OPEN or self._fails(now)):
            self._change(State.OPEN)
            self._until = now + self._rules.reset_s

    def unsent(self, ticket: int, now: float) -> None:
        """The call was not sent, because too many were under way: no result. A probe may be tried with the
        next call.
        """
        self.window.at(now).shed += 1
        if ticket == self._generation:
            self._probing = False

    def lets_retry(self, ticket: int) -> bool:
        """Whether a call may be tried again: not as a probe, and not when the circuit has opened since."""
        return self._state is State.CLOSED and ticket == self._generation

    def state(self, now: float) -> State:
        if self._state is State.OPEN and now >= self._until:
            self._change(State.HALF_OPEN)
        return self._state

    def half_open(self, now: float) -> None:
        """The service is known to answer again: the next call may try, though the time is not over."""
        if self.state(now) is State.OPEN:
            self._change(State.HALF_OPEN)

    def opens_in(self, now: float) -> float:
        """Seconds until a probe is let through; 0 where one is under way, or none is needed."""
        return max(self._until - now, 0.0) if self.state(now) is State.OPEN else 0.0

    def stats(self, now: float) -> dict[str, Any]:
        """Counts of the window under opossum's names, and `retries`."""
        mean, percentiles = self.window.latencies(now)
        return {
            **self.window.totals(now),
            "percentiles": {part: round(ms, 3) for part, ms in percentiles.items()},
            "latencyMean": round(mean, 3),
        }

    def _fails(self, now: float) -> bool:
        calls, failures, _ = self.window.calls(now)
        return calls >= self._rules.volume and failures * 100 >= self._rules.failing_percent * calls

    def _change(self, state: State) -> None:
        self._state = state
        self._generation += 1
        self._probing = False
