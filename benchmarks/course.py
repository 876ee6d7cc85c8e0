"""Runs systems that are compared side by side, so that one that breaks is told of and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from benchmarks.bench import Bench, Figures
from benchmarks.processes import Failed
from benchmarks.rpc.subject import Subject

S = TypeVar("S", bound=Subject)
Play: TypeAlias = tuple[str, Callable[[], Figures]]
"""The name of who plays a round, and the round."""


class Course(Generic[S]):
    """Who still runs, and why somebody does no more."""

    def __init__(self, bench: Bench, kinds: Mapping[str, Callable[..., S]]) -> None:
        self.bench, self._kinds = bench, kinds
        self.running: dict[str, S] = {}
        self.broken: list[str] = []

    @contextmanager
    def trying(self, name: str) -> Iterator[None]:
        """Whoever fails here is out of the rest."""
        try:
            yield
        except (Failed, OSError, AssertionError) as failure:
            self.broken.append(f"{name}: {str(failure) or type(failure).__name__}")
            self.bench.say(self.broken[-1])
            self.running.pop(name, None)

    def start(self, names: Iterable[str]) -> None:
        makes = {name: partial(self._kinds[name], backends=self.bench.backends) for name in names}
        for name, make, options in self.bench.turns(makes):
            with self.trying(name):
                subject = self.bench.start(make, name, options=options)
                if subject is not None:
                    self.running[name] = subject

    def warm_up(self) -> None:
        for name, subject in list(self.running.items()):
            with self.trying(name):
                subject.warm_up()

    def rounds(self, plays: Mapping[str, Play]) -> None:
        """In turn: A B C, A B C, …"""
        for number in range(1, self.bench.options.rounds + 1):
            for name, (owner, play) in plays.items():
                if owner in self.running:
                    with self.trying(owner):
                        self.bench.record(name, number, play())

    def tell(self) -> None:
        """What is not a median: memory by process, statuses, traces."""
        outcome = self.bench.outcome
        for name, subject in list(self.running.items()):
            with self.trying(name):
                memory = subject.memory_by_role()
                outcome.details[name] = {
                    "memory": memory,
                    "not_201_in_warm_up": subject.not_201,
                } | subject.more()
                parts = ", ".join(
                    f"{role} {found['rss_mb']:.0f} ({found['pss_mb']:.0f})" for role, found in memory.items()
                )
                more = "".join(
                    [f"; {what.replace('_', ' ')} {value:,.0f}" for what, value in subject.more().items()]
                )
                self.bench.note(
                    f"{name}: MB resident (proportional): {parts}; answers but 201 in the warm-up "
                    f"{subject.not_201}{more}"
                )
