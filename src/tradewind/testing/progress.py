"""Shows how far something is that takes long: bars on a terminal, plain lines in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

EVERY_S = 2.0


class Progress(Protocol):
    def say(self, line: str) -> None: ...

    def show(self, what: str, done: float, of: float, note: str = "") -> None:
        """`note` follows the figures."""


class Lines:
    """For a log: one line of each stage every so often, and one at its end."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._said: dict[str, tuple[float, float]] = {}

    def say(self, line: str) -> None:
        print(f"tradewind: {line}", file=sys.stderr, flush=True)

    def show(self, what: str, done: float, of: float, note: str = "") -> None:
        at, last = self._said.get(what, (0.0, -1.0))
        now = time.monotonic()
        if done != last and (done == of or now - at >= self._every_s):
            self._said[what] = now, done
            self.say(f"{what} {done:,.0f} of {of:,.0f}{note}")


class _Bars:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description:16}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        self.rich = RichProgress(*columns, console=Console(stderr=True))
        self._tasks: dict[str, TaskID] = {}

    def say(self, line: str) -> None:
        self.rich.console.print(line, markup=False, highlight=False)

    def show(self, what: str, done: float, of: float, note: str = "") -> None:
        if what not in self._tasks:
            self._tasks[what] = self.rich.add_task(what, total=of, note=note)
        self.rich.update(self._tasks[what], completed=done, note=note)


@contextmanager
def progress(every_s: float = EVERY_S) -> Iterator[Progress]:
    """On stderr, so that stdout has the result alone."""
    if not sys.stderr.isatty():
        yield Lines(every_s)
        return
    bars = _Bars()
    with bars.rich:
        yield bars
