"""Shows the figures of a process under the names of the published system too, beside ours."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from ...core.http import Request, Response
from ...observability.exposition import Cells, family, histogram, labelled
from ...observability.families import SECONDS
from ..kernel.request_context import Observe, Page
from ..kernel.served import Entry

MOST_SERIES = 2_000
LABELS = ("method", "route", "status")
TOPICS = {"user.registered": "user.created", "payment.failed": "payment.completed"}
"""By our name of an event, the topic that it is published on, where that has another."""
KAFKA = (
    ("tradewind_events_published_total", "kafka_producer_messages_total", "counter", "Records confirmed"),
    ("tradewind_events_consumed_total", "kafka_consumer_messages_total", "counter", "Records taken"),
    ("tradewind_broker_queue_messages", "kafka_consumer_lag", "gauge", "Records that wait"),
)
_ROW = re.compile(r'^(\w+)\{(?:event|queue)="([^"]*)"\} (\S+)$', re.MULTILINE)


class Figures:
    """Counts requests by method, route and status. `observe` is what else wants to know of them."""

    def __init__(self, observe: Observe) -> None:
        self._further = observe
        self._named: dict[str, tuple[str, str]] = {}
        self._series: dict[tuple[str, int], Cells] = {}

    def watched(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The routes, whose names are known from now on."""
        for method, path, route in entries:
            self._named[route.name] = (method, path)
            yield method, path, route

    def observe(self, name: str, status: int, seconds: float) -> None:
        self._further(name, status, seconds)
        cells = self._series.get((name, status))
        if cells is None:
            if len(self._series) >= MOST_SERIES:
                return
            cells = self._series[name, status] = [0.0] * (len(SECONDS) + 2)
        cells[bisect_left(SECONDS, seconds)] += 1
        cells[-1] += seconds

    def pages(self, pages: Mapping[str, Page]) -> dict[str, Page]:
        """Those of the process, with /metrics extended."""
        return {path: self._with(page) if path == "/metrics" else page for path, page in pages.items()}

    def _with(self, page: Page) -> Callable[[Request], Response]:
        def shown(request: Request) -> Response:
            made = page(request)
            text = made.body.decode()
            return replace(made, body=(text + "".join([*self._http(), *_kafka(text)])).encode())

        return shown

    def _http(self) -> Iterator[str]:
        rows = [(self._labels(*key), cells) for key, cells in self._series.items()]
        counted = [("", labelled(LABELS, labels), sum(cells[:-1])) for labels, cells in rows]
        yield family("http_requests_total", "counter", "HTTP requests answered", counted)
        says = "From the request to its answer"
        yield histogram("http_request_duration_seconds", says, SECONDS, LABELS, rows)

    def _labels(self, name: str, status: int) -> tuple[str, str, str]:
        if name.startswith("health."):
            return "GET", f"/{name.replace('.', '/')}", str(status)
        if name.startswith("page "):
            return "GET", name.removeprefix("page "), str(status)
        return (*self._named.get(name, ("", name)), str(status))


def _kafka(text: str) -> Iterator[str]:
    """Of our own figures, by topic."""
    found: dict[str, dict[str, float]] = {}
    for ours, of, value in _ROW.findall(text):
        topics = found.setdefault(ours, {})
        topics[TOPICS.get(of, of)] = topics.get(TOPICS.get(of, of), 0.0) + float(value)
    for ours, name, kind, says in KAFKA:
        rows = [("", labelled(("topic",), (topic,)), value) for topic, value in found.get(ours, {}).items()]
        yield family(name, kind, says, rows)
