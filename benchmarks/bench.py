"""What every benchmark does alike: start the servers it compares, play their rounds in turn, keep figures,
judge targets.

Rounds are interleaved (A B C, A B C, …) and each has one warm-up, so that a machine that grows slower hurts
all alike. A server that cannot run here is skipped by name, and so is every ratio that needs it.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from benchmarks.options import Options
from benchmarks.processes import Missing
from benchmarks.servers.base import Server

Figures = dict[str, float]
P99_WITHIN, P99_ROUNDS = 1.5, 7
S = TypeVar("S", bound=Server)


@dataclass(frozen=True)
class Check:
    what: str
    value: float | None
    target: str
    met: bool | None


@dataclass
class Outcome:
    name: str
    rounds: list[dict[str, object]] = field(default_factory=list)
    medians: dict[str, Figures] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict[str, dict[str, object]] = field(default_factory=dict)

    def median(self, subject: str, figure: str) -> float | None:
        return self.medians.get(subject, {}).get(figure)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Bench:
    def __init__(self, name: str, options: Options, folder: Path, earlier: Mapping[str, Outcome]) -> None:
        self.options = options
        self.folder = folder / name
        self.earlier = earlier
        self.outcome = Outcome(name)
        self.stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def say(self, text: str) -> None:
        print(f"  {self.outcome.name}: {text}", file=sys.stderr, flush=True)

    def start(self, make: Callable[[Options, Path], S], name: str) -> S | None:
        """Started and stopped with the benchmark; None, and a line in the result, where this machine lacks
        something.
        """
        if name.partition(" ")[0] in self.options.without:
            self.outcome.skipped.append(f"{name}: left out by --without")
            return None
        try:
            server = make(self.options, self.folder / name.replace(" ", "-"))
            self.stack.callback(server.stop)
            server.start()
        except Missing as missing:
            self.outcome.skipped.append(f"{name}: {missing}")
            self.say(f"{name} skipped: {missing}")
            return None
        if durability := server.durability():
            self.outcome.notes.append(f"{name}: {durability}")
        return server

    def interleave(self, plays: Mapping[str, Callable[[], Figures]], rounds: int | None = None) -> None:
        for number in range(1, (rounds or self.options.rounds) + 1):
            for subject, play in plays.items():
                self.record(subject, number, play())
        self.settle_medians()

    def record(self, subject: str, number: int, figures: Figures) -> None:
        self.outcome.rounds.append({"subject": subject, "round": number, **figures})
        self.say(
            f"{subject} round {number}: "
            + ", ".join(f"{name} {value:,.4g}" for name, value in figures.items())
        )

    def settle_medians(self) -> None:
        found: dict[str, dict[str, list[float]]] = {}
        for played in self.outcome.rounds:
            for name, value in played.items():
                if isinstance(value, int | float) and name != "round":
                    found.setdefault(str(played["subject"]), {}).setdefault(name, []).append(value)
        for subject, figures in found.items():
            self.outcome.medians[subject] = {
                name: statistics.median(values) for name, values in figures.items()
            }

    def ratio(
        self,
        what: str,
        above: tuple[str, str],
        below: tuple[str, str],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Judges median / median; each is (subject, figure)."""
        one, other = self.outcome.median(*above), self.outcome.median(*below)
        self.check(
            what, one / other if one is not None and other else None, at_least=at_least, at_most=at_most
        )

    def same(self, one: str, other: str) -> None:
        """Judges a system against itself: what this machine measures when there is no difference. The p99 is
        measurable where its medians of seven rounds or more are within 1.5 of each other.
        """
        for figure in ("per_s", "cpu_s_per_1000"):
            pair = (one, figure), (other, figure)
            self.ratio(f"{figure} against itself", *pair, at_least=0.85)
            self.ratio(f"{figure} against itself", *pair, at_most=1.15)
        first, second = self.outcome.median(one, "p99_ms"), self.outcome.median(other, "p99_ms")
        ratio = max(first, second) / min(first, second) if first and second else None
        measurable = ratio is not None and ratio <= P99_WITHIN and self.options.rounds >= P99_ROUNDS
        self.outcome.notes.append(
            f"p99 against itself {f'{ratio:.2f}' if ratio else '-'}, {self.options.rounds} rounds: "
            f"{'' if measurable else 'not '}measurable"
        )

    def check(
        self, what: str, value: float | None, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        if value is None:
            self.outcome.skipped.append(f"{what}: not measured")
        met = None
        if value is not None:
            met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        target = f"≥ {at_least:g}" if at_least is not None else f"≤ {at_most:g}"
        self.outcome.checks.append(Check(what, value, target, met))
