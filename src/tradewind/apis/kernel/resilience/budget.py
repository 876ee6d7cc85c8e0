"""Bounds the load of retries, since a service that is overloaded stays so if every caller tries again."""

from __future__ import annotations

from .rolling import Rolling

RATIO = 0.1
FLOOR_PER_S = 3.0


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
