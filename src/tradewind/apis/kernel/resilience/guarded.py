"""Makes a call to a service through all that protects both: bound, breaker, deadline, retries. No task and
one object per call.
"""

from __future__ import annotations

import enum
import logging
import math
import random
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from .breaker import REFUSED, Breaker, Rules, State
from .presets import Preset
from .rolling import Rolling

T = TypeVar("T")
Then = Callable[[T], None]
Call = Callable[[float, Then[T]], None]
"""Makes one attempt, with its timeout in seconds, and says once, and never before it has returned, what came
of it.
"""
Later = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds: `loop.call_later`."""
RATIO = 0.1
FLOOR_PER_S = 3.0
LEAST_S = 0.01  # an attempt with less time than this is not worth sending
LOOK_S = 1.0
"""How often a service with an open circuit is probed, and how long the probe may take."""
logger = logging.getLogger(__name__)


_STATES = {State.CLOSED: 0.0, State.HALF_OPEN: 1.0, State.OPEN: 2.0}


class Verdict(enum.Enum):
    """What an attempt, or the whole call, came to."""

    FINE = "fine"
    """The service did its part, if only by refusing what the caller asked for."""
    FAILED = "failed"
    """It did not; the same may succeed later."""
    TIMED_OUT = "timed out"
    BUSY = "busy"
    """Too many calls were under way."""
    OPEN = "circuit open"
    """It was not tried, since the service fails."""


class Budget:
    """Retries are at most `ratio` of the calls within the window, or `floor_per_s` on the average where there
    are few calls.
    """

    __slots__ = ("_floor", "_ratio", "_window")

    def __init__(self, window: Rolling, ratio: float = RATIO, floor_per_s: float = FLOOR_PER_S) -> None:
        self._window, self._ratio = window, ratio
        self._floor = floor_per_s * window.span_s

    def take(self, now: float) -> bool:
        """Whether one more retry is within the budget; it is counted then."""
        calls, _, retries = self._window.calls(now)
        if retries + 1 > max(calls * self._ratio, self._floor):
            return False
        self._window.at(now).retries += 1
        return True


class Guarded(Generic[T]):
    """One downstream service. `judge` says what an outcome of the transport means: any verdict but OPEN;
    `unsent`, whether it certainly did nothing, so that any call may be tried again.
    """

    def __init__(
        self,
        name: str,
        judge: Callable[[T], Verdict],
        *,
        clock: Callable[[], float],
        later: Later,
        in_flight: int = 1_024,
        rules: Rules | None = None,
        chance: Callable[[], float] = random.random,
        look: Call[T] | None = None,
        unsent: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self.name, self.judge, self.unsent = name, judge, unsent
        self.look = look
        """Asks the service something that changes nothing, while its circuit is open: it is tried when it is
        back, and not 30 s later.
        """
        self._looking = False
        self.clock, self.later, self.chance = clock, later, chance
        self.breaker = Breaker(rules)
        self.budget = Budget(self.breaker.window)
        self.most = in_flight
        self.in_flight = 0
        """Calls that have come and have no answer yet, those that wait for their next try among them."""
        self.retries = self.denied = self.shed = self.rejected = 0
        """Since the start: attempts after the first, those that the budget did not allow, calls without room,
        calls refused as open.
        """

    def run(
        self, preset: Preset, retryable: bool, call: Call[T], then: Callable[[Verdict, T | None], None]
    ) -> None:
        """`then` is called exactly once, with the last outcome if there was one; at once, within `run`, where
        nothing was sent.
        """
        now = self.clock()
        ticket = self.breaker.enter(now)
        if ticket == REFUSED:
            self.rejected += 1
            then(Verdict.OPEN, None)
        elif self.in_flight >= self.most:
            self.breaker.unsent(ticket, now)
            self.shed += 1
            then(Verdict.BUSY, None)
        else:
            self.in_flight += 1
            _Run(self, preset, retryable, call, then, ticket, now).attempt(now)

    @property
    def state(self) -> State:
        return self.breaker.state(self.clock())

    def retry_after(self) -> int:
        """Whole seconds after which trying again makes sense, at least one."""
        wait = self.breaker.opens_in(self.clock())
        return max(math.ceil(wait if self.look is None else min(wait, LOOK_S)), 1)

    def stats(self) -> dict[str, Any]:
        return self.breaker.stats(self.clock())

    def opened(self) -> None:
        """A call has failed: looks after the service if that has opened its circuit."""
        if self.look is not None and not self._looking and self.state is State.OPEN:
            self._looking = True
            self.later(LOOK_S, self._ask)

    def _ask(self) -> None:
        if self.look is None or self.state is not State.OPEN:
            self._looking = False
        else:
            self.look(LOOK_S, self._seen)

    def _seen(self, outcome: T) -> None:
        if self.judge(outcome) is Verdict.FINE:
            self._looking = False
            self.breaker.half_open(self.clock())
        else:
            self.later(LOOK_S, self._ask)


def levels(services: Mapping[str, Guarded[Any]]) -> dict[str, Callable[[], dict[str, float]]]:
    """What can be read at any time, per service, under the names that `Metrics.watch` takes."""
    return {
        "breaker_state": lambda: {name: _STATES[one.state] for name, one in services.items()},
        "rpc_in_flight": lambda: {name: float(one.in_flight) for name, one in services.items()},
        "rpc_client_retries": lambda: {name: float(one.retries) for name, one in services.items()},
        "rpc_client_retries_denied": lambda: {name: float(one.denied) for name, one in services.items()},
        "rpc_client_shed": lambda: {name: float(one.shed) for name, one in services.items()},
        "rpc_client_rejected": lambda: {name: float(one.rejected) for name, one in services.items()},
    }


class _Run(Generic[T]):
    __slots__ = (
        "_began",
        "_call",
        "_deadline",
        "_guarded",
        "_last",
        "_preset",
        "_retryable",
        "_then",
        "_ticket",
        "_tried",
        "_verdict",
    )

    def __init__(
        self,
        guarded: Guarded[T],
        preset: Preset,
        retryable: bool,
        call: Call[T],
        then: Callable[[Verdict, T | None], None],
        ticket: int,
        now: float,
    ) -> None:
        self._guarded, self._preset, self._retryable, self._call, self._then = (
            guarded,
            preset,
            retryable,
            call,
            then,
        )
        self._ticket, self._began, self._deadline = ticket, now, now + preset.deadline_s
        self._tried = 0
        self._verdict, self._last = Verdict.FAILED, None

    _verdict: Verdict
    _last: T | None

    def attempt(self, now: float) -> None:
        left = self._deadline - now
        timeout = self._preset.timeout_s
        self._tried += 1
        try:
            self._call(timeout if timeout < left else left, self._done)
        except (
            Exception
        ):  # a bug of the transport must not leave this call without an end, and its place taken
            logger.exception("a call of %s could not be made", self._guarded.name)
            self._end(Verdict.FAILED, None, now)

    def _done(self, outcome: T) -> None:
        guarded = self._guarded
        verdict = guarded.judge(outcome)
        now = guarded.clock()
        if verdict is Verdict.BUSY and self._tried > 1:
            self._end(self._verdict, self._last, now)  # it was sent before, and failed
        elif (
            verdict is Verdict.FINE
            or verdict is Verdict.BUSY
            or not (self._retryable or guarded.unsent(outcome))
            or not self._again(now)
        ):
            self._end(verdict, outcome, now)
        else:
            self._verdict, self._last = verdict, outcome

    def _again(self, now: float) -> bool:
        delays, guarded = self._preset.delays, self._guarded
        if self._tried > len(delays) or not guarded.breaker.lets_retry(self._ticket):
            return False
        delay = delays[self._tried - 1] * (0.5 + guarded.chance())
        if now + delay + LEAST_S > self._deadline:
            return False
        if not guarded.budget.take(now):
            guarded.denied += 1
            return False
        guarded.retries += 1
        guarded.later(delay, self._retry)
        return True

    def _retry(self) -> None:
        now = self._guarded.clock()
        # the timer may be late, and the circuit may have opened meanwhile: then what came last is the answer
        if now + LEAST_S > self._deadline or not self._guarded.breaker.lets_retry(self._ticket):
            self._end(self._verdict, self._last, now)
        else:
            self.attempt(now)

    def _end(self, verdict: Verdict, outcome: T | None, now: float) -> None:
        guarded, ticket, seconds = self._guarded, self._ticket, now - self._began
        guarded.in_flight -= 1
        if verdict is Verdict.FINE:
            guarded.breaker.succeeded(ticket, now, seconds)
        elif verdict is Verdict.BUSY:
            guarded.breaker.unsent(ticket, now)
        else:
            guarded.breaker.failed(ticket, now, seconds, timed_out=verdict is Verdict.TIMED_OUT)
            guarded.opened()
        self._then(verdict, outcome)
