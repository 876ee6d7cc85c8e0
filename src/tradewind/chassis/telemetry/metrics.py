"""Counts what happens in plain lists and dictionaries, because a client library's counter costs more than the work it counts.

Only a scrape turns them into Prometheus' families. What is a level and no count (depths, ages) is read at the scrape, by `watch`.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
# an operation, event or activity has a declared name; more of them than this are a bug, and are counted together
MOST_SERIES = 2000

GAUGES: dict[str, tuple[str, str]] = {
    "queue_depth": ("Messages that wait for a batch", "service"),
    "log_lag": ("Events in the log that a subscriber has not taken yet", "service"),
    "timers_overdue": ("Timers whose time has come", "service"),
    "activities_running": ("Calls to the outside world under way", "activity"),
    "parked": ("Messages among the dead letters", "service"),
    "connections": ("Open HTTP connections", "listener"),
    "log_lines_dropped": ("Log lines that stderr did not take", "sink"),
}
"""What `watch` may be given: name, meaning, and the label of its values."""

K = TypeVar("K")
Level = Callable[[], float | Mapping[str, float]]
Cells = list[float]  # counts per bucket, one more for what is above, then the sum
logger = logging.getLogger(__name__)


class Metrics(Collector):
    """One per process. Everything but `render` may stand on the hot path, in the event loop's thread."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], Cells] = {}
        self._batches, self._sizes, self._commits = _cells(SECONDS), _cells(SIZES), _cells(SECONDS)
        self._story: dict[str, int] = {}
        self._activities: dict[tuple[str, str], int] = {}
        self._levels: dict[str, Level] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def request(self, operation: str, status: int, seconds: float) -> None:
        """An HTTP request was answered. `operation` is a declared name, never a path."""
        cells = self._requests.get((operation, status))
        if cells is None:
            cells = self._requests.setdefault((operation, status) if len(self._requests) < MOST_SERIES else ("other", 0), _cells(SECONDS))
        cells[bisect_left(SECONDS, seconds)] += 1
        cells[-1] += seconds

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
            _add(self._story, event, 1)

    def activity(self, name: str, outcome: str) -> None:
        """An activity ended: `done`, `again` (will be tried again) or `failed`."""
        _add(self._activities, (name, outcome), 1)

    def watch(self, gauge: str, read: Level) -> None:
        """Reads one of GAUGES at every scrape: a number, or one per label value. A KeyError is a wrong name."""
        GAUGES[gauge]
        self._levels[gauge] = read

    def render(self) -> bytes:
        """The page of `/metrics`."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("tradewind_http_requests", "HTTP requests answered", labels=("operation", "status"))
        durations: dict[str, Cells] = {}
        for (operation, status), cells in self._requests.items():
            requests.add_metric((operation, str(status)), sum(cells[:-1]))
            durations[operation] = [a + b for a, b in zip(durations.get(operation, _cells(SECONDS)), cells, strict=True)]
        yield requests
        rows = [((operation,), cells) for operation, cells in durations.items()]
        yield _histogram("tradewind_http_request_duration_seconds", "From the request to its answer", SECONDS, rows, ("operation",))
        yield _histogram("tradewind_batch_duration_seconds", "A batch, commit included", SECONDS, [((), self._batches)])
        yield _histogram("tradewind_batch_messages", "Messages of a batch", SIZES, [((), self._sizes)])
        yield _histogram("tradewind_commit_duration_seconds", "The commit of a batch", SECONDS, [((), self._commits)])
        yield _counter("tradewind_story_events", "Events committed", ("event",), (((name,), n) for name, n in self._story.items()))
        yield _counter("tradewind_activities", "Activities ended", ("activity", "outcome"), self._activities.items())
        for gauge, read in self._levels.items():
            yield from self._level(gauge, read)

    def _level(self, gauge: str, read: Level) -> Iterable[Metric]:
        says, label = GAUGES[gauge]
        try:
            level = read()
            family = GaugeMetricFamily(f"tradewind_{gauge}", says, labels=(label,) if isinstance(level, Mapping) else ())
            for name, number in level.items() if isinstance(level, Mapping) else [("", level)]:
                family.add_metric((name,) if isinstance(level, Mapping) else (), number)
        except Exception:  # one gauge that cannot be read must not hide the others
            logger.exception("gauge %s cannot be read", gauge)
            return ()
        return (family,)


def _cells(bounds: Sequence[float]) -> Cells:
    return [0.0] * (len(bounds) + 2)


def _add(counts: dict[K, int], key: K, count: int) -> None:
    if key in counts or len(counts) < MOST_SERIES:
        counts[key] = counts.get(key, 0) + count


def _counter(name: str, says: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], int]]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, says, labels=labels)
    for values, count in rows:
        family.add_metric(values, count)
    return family


def _histogram(
    name: str, says: str, bounds: Sequence[float], rows: Iterable[tuple[tuple[str, ...], Cells]], labels: tuple[str, ...] = ()
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, says, labels=labels)
    for values, cells in rows:
        below = list(accumulate(cells[:-1]))
        edges = [*(str(bound) for bound in bounds), "+Inf"]
        family.add_metric(values, list(zip(edges, below, strict=True)), cells[-1])
    return family
