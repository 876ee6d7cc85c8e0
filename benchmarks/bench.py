"""What every benchmark does alike: start the servers it compares, play their rounds in turn, keep figures,
judge targets.

Rounds are interleaved (A B C, A B C, …) and each has one warm-up, so that a machine that grows slower hurts
all alike. A server that cannot run here is skipped by name, and so is every ratio that needs it. A run of
pairs (`--self`, `--against`) starts every server twice and judges each against its twin alone.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from benchmarks import pairs
from benchmarks.options import Options
from benchmarks.processes import Missing
from benchmarks.servers.backends import Backends
from benchmarks.servers.base import Server

Figures = dict[str, float]
S = TypeVar("S", bound=Server)
Make = Callable[[Options, Path], S]
"""A class of servers, or what makes one."""


@dataclass(frozen=True)
class Check:
    """`why`: for what reason it is not judged, where it is not."""

    what: str
    value: float | None
    target: str
    met: bool | None
    why: str = ""


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
    """`backends` are shared by the benchmarks of a run, and started when the first one needs them."""

    def __init__(
        self,
        name: str,
        options: Options,
        folder: Path,
        earlier: Mapping[str, Outcome],
        backends: Backends | None = None,
    ) -> None:
        self.options = options
        self.folder = folder / name
        self.earlier = earlier
        self.outcome = Outcome(name)
        self.stack = ExitStack()
        if backends is None:
            backends = Backends(self.folder / "backends")
            self.stack.callback(backends.stop)
        self.backends = backends
        self.selves = pairs.Selves()

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def say(self, text: str) -> None:
        print(f"  {self.outcome.name}: {text}", file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        if text not in self.outcome.notes:
            self.outcome.notes.append(text)

    def turns(self, makes: Mapping[str, Make[S]]) -> Iterator[tuple[str, Make[S], Options]]:
        """What is to be started, by name: each once; in a run of pairs twice, as far as it has a twin."""
        for name, make in makes.items():
            if (twin := self.options.twin) and self.options.against and not pairs.versioned(make):
                continue
            yield name, make, self.options
            if twin:
                yield f"{name} {twin}", make, self.options.of_twin()

    def start_all(self, makes: Mapping[str, Make[S]]) -> dict[str, S]:
        """Those of them that can run here."""
        started = {name: self.start(make, name, options=options) for name, make, options in self.turns(makes)}
        return {name: server for name, server in started.items() if server is not None}

    def start(self, make: Make[S], name: str, *, options: Options | None = None) -> S | None:
        """Started and stopped with the benchmark; None, and a line in the result, where this machine lacks
        something.
        """
        if name.partition(" ")[0] in self.options.without:
            self.outcome.skipped.append(f"{name}: left out by --without")
            return None
        try:
            server = make(options or self.options, self.folder / name.replace(" ", "-"))
            self.stack.callback(server.stop)
            server.start()
        except Missing as missing:
            self.outcome.skipped.append(f"{name}: {missing}")
            self.say(f"{name} skipped: {missing}")
            return None
        server.prove()
        if durability := server.durability():
            self.note(f"{name}: {durability}")
        return server

    def interleave(self, plays: Mapping[str, Callable[[], Figures]], rounds: int | None = None) -> None:
        for number in range(1, (rounds or self.options.rounds) + 1):
            for subject, play in plays.items():
                self.record(subject, number, play())
        self.settle_medians()

    def each(self, servers: Mapping[str, S], play: Callable[[S], Figures], rounds: int | None = None) -> None:
        """As `interleave`, with the same play for all."""
        self.interleave({name: partial(play, server) for name, server in servers.items()}, rounds)

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
        value = one / other if one is not None and other else None
        self.check(what, value, at_least=at_least, at_most=at_most, of=(above, below))

    def median(
        self,
        what: str,
        subject: str,
        figure: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Judges one median."""
        value = self.outcome.median(subject, figure)
        self.check(what, value, at_least=at_least, at_most=at_most, of=((subject, figure),))

    def check(
        self,
        what: str,
        value: float | None,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        of: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Judges a value, made of the figures `of` these subjects: one that is a p99 is judged only where it
        can be measured. Nothing in a run of pairs.
        """
        if self.options.twin:
            return
        why = "" if value is None else self._unmeasurable(of)
        self._check(what, value, at_least, at_most, why)

    def _unmeasurable(self, of: Sequence[tuple[str, str]]) -> str:
        tails = [place for place in of if pairs.is_tail(place[1])]
        if tails and (rounds := self._rounds(tails)) < pairs.TAIL_ROUNDS:
            return f"not measurable: {rounds} rounds, {pairs.TAIL_ROUNDS} are needed"
        reasons = [self.selves.why_not(self.outcome.name, *place) for place in tails]
        return next((f"not measurable: {reason}" for reason in reasons if reason), "")

    def _rounds(self, of: Sequence[tuple[str, str]]) -> int:
        played = [one["subject"] for one in self.outcome.rounds]
        return min(played.count(subject) for subject, _ in of)

    def _check(
        self, what: str, value: float | None, at_least: float | None, at_most: float | None, why: str = ""
    ) -> None:
        if value is None:
            self.outcome.skipped.append(f"{what}: not measured")
        met = None
        if value is not None and not why:
            met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        bounds = [f"≥ {at_least:g}"] if at_least is not None else []
        bounds += [f"≤ {at_most:g}"] if at_most is not None else []
        self.outcome.checks.append(Check(what, value, ", ".join(bounds), met, why))

    def judge_pairs(self) -> None:
        """Holds every server against its twin, in all rates, CPU and p99 of the run. What a system shows
        against itself is remembered: it says which p99 can be measured on this machine.
        """
        options = self.options
        for one, other, figure, value in pairs.compared(self.outcome.medians, options.twin):
            tail = pairs.is_tail(figure)
            if options.against_itself:
                worst = max(value, 1 / value)
                if tail:
                    rounds = self._rounds([(one, figure), (other, figure)])
                    self.selves.keep(self.outcome.name, one, figure, worst, rounds)
                    why = self.selves.why_not(self.outcome.name, one, figure)
                    self.note(
                        f"{one}: {figure} against itself {worst:.2f}, {rounds} rounds: "
                        f"{f'not measurable ({why})' if why else 'measurable'}"
                    )
                else:
                    self._check(f"{one}: {figure} against itself", value, *pairs.EQUAL)
                continue
            why = self._unmeasurable([(one, figure), (other, figure)])
            what = f"{one}: {figure} against {options.against}"
            if tail or pairs.is_cpu(figure):
                self._check(what, value, None, pairs.DEARER, why)
            else:
                self._check(what, value, pairs.SLOWER, None, why)
