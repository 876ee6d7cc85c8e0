"""Two of the same: a server beside itself, which says what this machine can measure, or beside another
version of itself, which says what a change costs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from benchmarks.paths import CACHE

EQUAL = (0.85, 1.15)
"""Rates and CPU of equal servers."""
SLOWER, DEARER = 0.97, 1.03
"""What a change may cost."""
TAIL_WITHIN, TAIL_ROUNDS = 1.5, 7
"""A p99 is measurable where those of equal servers are so near to each other, as medians of so many
rounds.
"""
FRESH_S = 24 * 3600


def versioned(make: Any) -> bool:
    """Whether there are two versions of it: it is a part of this repository."""
    while isinstance(make, partial):
        make = make.func
    return bool(getattr(make, "versioned", False))


def is_tail(figure: str) -> bool:
    return "p99" in figure


def is_cpu(figure: str) -> bool:
    return "cpu_" in figure


def compared(medians: Mapping[str, Mapping[str, float]], twin: str) -> Iterator[tuple[str, str, str, float]]:
    """Each subject with the name of its twin, a figure of both, and the ratio of the first to the second. The
    twin of "nest get" is "nest again get".
    """
    for one, figures in medians.items():
        first, space, rest = one.partition(" ")
        other = f"{first} {twin}{space}{rest}"
        for figure, value in figures.items():
            if not (figure.endswith("per_s") or is_cpu(figure) or is_tail(figure)):
                continue
            against = medians.get(other, {}).get(figure)
            if against and value:
                yield one, other, figure, value / against


class Selves:
    """What each p99 was against itself, when it was last tried on this machine."""

    def __init__(self) -> None:
        self._path = CACHE / "self.json"
        self._found: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def keep(self, bench: str, subject: str, figure: str, ratio: float, rounds: int) -> None:
        self._found[f"{bench}/{subject}/{figure}"] = {"ratio": ratio, "rounds": rounds, "at": time.time()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._found, indent=1) + "\n")

    def why_not(self, bench: str, subject: str, figure: str) -> str:
        """Why a p99 cannot be judged; nothing where it can."""
        found = self._found.get(f"{bench}/{subject}/{figure}")
        if found is None or time.time() - found["at"] > FRESH_S:
            return f"{subject} was not held against itself: ./dev bench {bench} --self --rounds {TAIL_ROUNDS}"
        if found["rounds"] < TAIL_ROUNDS:
            return f"{subject} was held against itself for {found['rounds']} rounds"
        if found["ratio"] > TAIL_WITHIN:
            return f"{subject} against itself gave {found['ratio']:.2f}"
        return ""
