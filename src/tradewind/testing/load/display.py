"""Shows the progress of a load run: one changing line on a terminal, a line every ten seconds in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from .metrics import Metrics

EVERY_S = 10.0


class Display(Protocol):
    def show(self, metrics: Metrics, seconds: float) -> None: ...


def line(metrics: Metrics) -> str:
    """How it goes, in one line."""
    p95 = metrics.latency.quantile(0.95)
    return (
        f"{metrics.users} users  {metrics.requests:,} requests  {metrics.pace:,.1f}/s  "
        f"{metrics.orders_created:,} orders  "
        f"{metrics.errors:.2%} errors  p95 {p95:,.1f} ms"
    )


class Lines:
    """For a log."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s, self._said = every_s, time.monotonic()

    def show(self, metrics: Metrics, seconds: float) -> None:
        now = time.monotonic()
        if now - self._said >= self._every_s:
            self._said = now
            print(
                f"tradewind: {metrics.seconds:,.0f} of {seconds:,.0f} s  {line(metrics)}",
                file=sys.stderr,
                flush=True,
            )


class _Bar:
    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            TextColumn("{task.fields[line]}"),
        )
        self.rich = Progress(*columns, console=Console(stderr=True))
        self._task = self.rich.add_task(title, total=1.0, line="")

    def show(self, metrics: Metrics, seconds: float) -> None:
        self.rich.update(
            self._task, total=seconds, completed=min(metrics.seconds, seconds), line=line(metrics)
        )


@contextmanager
def display(title: str) -> Iterator[Display]:
    """On stderr, so that stdout has the report alone."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bar = _Bar(title)
    with bar.rich:
        yield bar
