"""Shows the progress of a demo: a bar on a terminal, plain lines in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .figures import Figures

EVERY_S = 2.0


class Progress(Protocol):
    def say(self, line: str) -> None: ...
    def show(self, what: str, done: int, of: int) -> None: ...


class Lines:
    """For a log: one line every two seconds and one at the end of each stage."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, int]] = {}

    def say(self, line: str) -> None:
        print(f"tradewind: {line}", file=sys.stderr, flush=True)

    def show(self, what: str, done: int, of: int) -> None:
        at, last = self._said.get(what, (0.0, -1))
        now = time.monotonic()
        if done != last and (done == of or now - at >= EVERY_S):
            self._said[what] = now, done
            self.say(f"{what} {done:,} of {of:,}")


class _Bars:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description:16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.rich = RichProgress(*columns, console=Console(stderr=True))
        self._tasks: dict[str, object] = {}

    def say(self, line: str) -> None:
        self.rich.console.print(line, markup=False, highlight=False)

    def show(self, what: str, done: int, of: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self.rich.add_task(what, total=of)
        self.rich.update(self._tasks[what], completed=done)  # type: ignore[arg-type]


@contextmanager
def progress() -> Iterator[Progress]:
    """On stderr, so that stdout has the result alone."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bars = _Bars()
    with bars.rich:
        yield bars


def orders(shown: Progress, figures: Figures) -> None:
    """The two bars of the main stage."""
    shown.show("orders placed", figures.accepted, figures.wanted)
    shown.show("orders final", figures.final, figures.wanted)
