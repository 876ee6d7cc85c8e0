"""Counts what happens in plain lists and dictionaries, because a client library's counter costs more than the
work it counts.

Only a scrape turns them into Prometheus' text. What is a level and no count (depths, ages) is read at the
scrape, by `watch`.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby

from . import exposition
from .exposition import CONTENT_TYPE, Cells
from .families import COUNTERS, GAUGES, HISTOGRAMS, PREFIX, PROCESS, SECONDS, SIZES

__all__ = ["CONTENT_TYPE", "GAUGES", "MOST_SERIES", "Metrics"]

# an operation, event or activity has a declared name; more of them than this are a bug, and are counted
# together
MOST_SERIES = 2000

Level = Callable[[], float | Mapping[str, float]]
Labels = tuple[str, ...]
logger = logging.getLogger(__name__)


class Metrics:
    """One per process. Everything but `render` may be called on the hot path, in the event loop's thread."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], Cells] = {}
        self._calls: dict[Labels, Cells] = {}
        self._served: dict[Labels, Cells] = {}
        self._batches, self._sizes, self._commits = _cells(SECONDS), _cells(SIZES), _cells(SECONDS)
        self._counts: dict[str, dict[Labels, int]] = {name: {} for name in COUNTERS}
        self._said = self._counts["story_events"]
        self._levels: dict[str, Level] = {}

    def request(self, operation: str, status: int, seconds: float) -> None:
        """An HTTP request was answered. `operation` is a declared name, never a path."""
        cells = self._requests.get((operation, status))
        if cells is None:
            cells = self._requests.setdefault(
                (operation, status) if len(self._requests) < MOST_SERIES else ("other", 0), _cells(SECONDS)
            )
        cells[bisect_left(SECONDS, seconds)] += 1
        cells[-1] += seconds

    def rpc_call(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        """A call to another service ended, after all its attempts: `answer`, `refused`, `timeout`, `down` or
        `busy`.
        """
        _timed(self._calls, (service, operation, outcome), seconds)

    def rpc_served(self, pattern: str, outcome: str, seconds: float) -> None:
        """A request from a queue was handled: `answer` or `refused`. `pattern` is one that has a handler,
        else `unknown`.
        """
        _timed(self._served, (pattern, outcome), seconds)

    def batch(self, messages: int, seconds: float) -> None:
        """A batch was carried out, commit included."""
        self._batches[bisect_left(SECONDS, seconds)] += 1
        self._batches[-1] += seconds
        self._sizes[bisect_left(SIZES, messages)] += 1
        self._sizes[-1] += messages

    def commit(self, seconds: float) -> None:
        self._commits[bisect_left(SECONDS, seconds)] += 1
        self._commits[-1] += seconds

    def said(self, events: Iterable[str]) -> None:
        """These events were committed: `order.confirmed`."""
        for event in events:
            _add(self._said, (event,), 1)

    def activity(self, name: str, outcome: str) -> None:
        """An activity ended: `done`, `again` (will be tried again) or `failed`."""
        _add(self._counts["activities"], (name, outcome), 1)

    def count(self, counter: str, *labels: str, by: int = 1) -> None:
        """Any other of COUNTERS, with a value for each of its labels. A KeyError is a wrong name."""
        _add(self._counts[counter], labels, by)

    def watch(self, name: str, read: Level) -> None:
        """Reads one of GAUGES, or a counter that somebody else keeps, at every scrape: a number, or one per
        label value. A KeyError is a wrong name.
        """
        if name not in COUNTERS:
            GAUGES[name]
        self._levels[name] = read

    def render(self) -> bytes:
        """The page of `/metrics`."""
        return "".join(self._page()).encode()

    def _page(self) -> Iterator[str]:
        yield from self._counted()
        yield from self._durations()
        for name, read in self._levels.items():
            yield from self._level(name, read)
        for name, rows in groupby(sorted(exposition.process_rows()), lambda row: row[0]):
            kind, says = PROCESS[name]
            yield exposition.family(name, kind, says, [("", labels, value) for _, labels, value in rows])

    def _counted(self) -> Iterator[str]:
        counts: dict[str, Mapping[Labels, float]] = {
            **self._counts,
            "http_requests": {
                (operation, str(status)): sum(cells[:-1])
                for (operation, status), cells in self._requests.items()
            },
            "rpc_client_requests": {labels: sum(cells[:-1]) for labels, cells in self._calls.items()},
            "rpc_server_requests": {labels: sum(cells[:-1]) for labels, cells in self._served.items()},
        }
        for name, (says, labels) in COUNTERS.items():
            if name not in self._levels:
                yield _counter(name, says, labels, counts[name])

    def _durations(self) -> Iterator[str]:
        rows: dict[str, Iterable[tuple[Labels, Cells]]] = {
            "http_request_duration_seconds": _together(
                ((operation,), cells) for (operation, _), cells in self._requests.items()
            ),
            "rpc_client_duration_seconds": _together(
                (labels[:2], cells) for labels, cells in self._calls.items()
            ),
            "rpc_server_duration_seconds": _together(
                (labels[:1], cells) for labels, cells in self._served.items()
            ),
            "batch_duration_seconds": [((), self._batches)],
            "batch_messages": [((), self._sizes)],
            "commit_duration_seconds": [((), self._commits)],
        }
        for name, (says, labels, bounds) in HISTOGRAMS.items():
            yield exposition.histogram(PREFIX + name, says, bounds, labels, rows[name])

    def _level(self, name: str, read: Level) -> Iterable[str]:
        try:
            level = read()
            values: Mapping[Labels, float] = (
                _by_label(level) if isinstance(level, Mapping) else {(): float(level)}
            )
            if name in COUNTERS:
                says, labels = COUNTERS[name]
                return (_counter(name, says, labels if isinstance(level, Mapping) else (), values),)
            says, label = GAUGES[name]
            lines = _lines("", (label,) if isinstance(level, Mapping) else (), values)
            return (exposition.family(PREFIX + name, "gauge", says, lines),)
        except Exception:  # one figure that cannot be read must not hide the others
            logger.exception("gauge %s cannot be read", name)
            return ()


def _cells(bounds: tuple[float, ...]) -> Cells:
    return [0.0] * (len(bounds) + 2)


def _by_label(level: Mapping[str, float]) -> Mapping[Labels, float]:
    return {(label,): float(value) for label, value in level.items()}


def _timed(series: dict[Labels, Cells], labels: Labels, seconds: float) -> None:
    cells = series.get(labels)
    if cells is None:
        key = labels if len(series) < MOST_SERIES else ("other",) * len(labels)
        cells = series.setdefault(key, _cells(SECONDS))
    cells[bisect_left(SECONDS, seconds)] += 1
    cells[-1] += seconds


def _add(counts: dict[Labels, int], labels: Labels, count: int) -> None:
    if labels in counts or len(counts) < MOST_SERIES:
        counts[labels] = counts.get(labels, 0) + count


def _together(rows: Iterable[tuple[Labels, Cells]]) -> list[tuple[Labels, Cells]]:
    """One row for each: the sums of those with the same labels."""
    sums: dict[Labels, Cells] = {}
    for labels, cells in rows:
        sums[labels] = [a + b for a, b in zip(sums[labels], cells, strict=True)] if labels in sums else cells
    return list(sums.items())


def _lines(suffix: str, labels: Labels, values: Mapping[Labels, float]) -> list[tuple[str, str, float]]:
    return [(suffix, exposition.labelled(labels, key), value) for key, value in values.items()]


def _counter(name: str, says: str, labels: Labels, values: Mapping[Labels, float]) -> str:
    # in this version of the format a counter's family has the name of its series
    return exposition.family(f"{PREFIX}{name}_total", "counter", says, _lines("", labels, values))
