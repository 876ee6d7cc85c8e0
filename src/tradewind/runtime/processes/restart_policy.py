"""Decides how long a supervisor waits for a process, and when it stops trying: pure, so that a test needs no
clock of its own.
"""

from __future__ import annotations

import random

import msgspec


class Patience(msgspec.Struct, frozen=True):
    """Seconds, all of them but `tries`."""

    ready_s: float = 30.0
    """To become ready; then it is killed and counts as a failure. Twice as long after each such kill, up to
    `longest_ready_s`: on a machine that is slow now, starts that are given up make it slower still.
    """
    longest_ready_s: float = 240.0
    stop_s: float = 30.0
    """To end when asked; then it is killed. More than a process needs to drain."""
    first_s: float = 0.1
    """The pause after the first failure; doubled after each further one, up to `longest_s`, and cut by chance
    by up to a half.
    """
    longest_s: float = 3.0
    steady_s: float = 5.0
    """A process that has been ready for so long begins with `first_s` again."""
    tries: int = 5
    """So many ends without a word before it was ready, in a row and within `within_s`, and it stays down."""
    within_s: float = 60.0


class Failures:
    """The ends of one process, as its supervisor remembers them. Times are seconds of a clock that does not
    jump.
    """

    def __init__(self, patience: Patience, chance: random.Random) -> None:
        self._patience, self._chance = patience, chance
        self._in_a_row = self._late = 0
        self._mute: list[float] = []

    @property
    def ready_s(self) -> float:
        """How long its next start may take."""
        return min(self._patience.ready_s * 2.0 ** min(self._late, 30), self._patience.longest_ready_s)

    def late(self) -> None:
        """It was not ready in time, and is killed."""
        self._late += 1

    def ended(self, now: float, ready_for: float | None, said: bool) -> float | None:
        """How long to wait before the next start; None: it stays down. `ready_for`: None when it never was
        ready; `said`: it told why.
        """
        patience = self._patience
        if ready_for is not None and ready_for >= patience.steady_s:
            self._in_a_row = 0
        if ready_for is not None:
            self._late = 0
        if ready_for is not None or said:
            self._mute.clear()
        else:
            self._mute = [*(at for at in self._mute if now - at < patience.within_s), now]
            if len(self._mute) >= patience.tries:
                return None
        pause = float(min(patience.first_s * 2.0 ** min(self._in_a_row, 30), patience.longest_s))
        self._in_a_row += 1
        return pause * self._chance.uniform(0.5, 1.0)
