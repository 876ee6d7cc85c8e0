"""Hands spans to the OpenTelemetry SDK, which sends them to a collector from a thread of its own: trouble on
that way costs spans and never requests. The one file that imports the SDK; it is loaded where tracing is on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
import threading
from collections.abc import Mapping, Sequence

from ..core.extras import MissingExtra
from .sink import plain
from .tracing import Kind, Span

try:
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
except ImportError as missing:
    raise MissingExtra("tracing needs the OpenTelemetry SDK", "otlp") from missing

BATCH = 512
BOUND = 2_048
EVERY_S = 1.0
LONGEST_VALUE = 4_096

LOG = logging.getLogger("tradewind.tracing")
SENDING = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
KINDS = {kind: SpanKind[kind.name] for kind in Kind}
REMOTE = frozenset((Kind.SERVER, Kind.CONSUMER))
"""Kinds of spans whose parent is in another process."""


def _session() -> requests.Session:
    """Obeys the OTEL_ variables alone: by itself requests prefers those of proxies and REQUESTS_CA_BUNDLE."""
    session = requests.Session()
    session.trust_env = False
    return session


def _trusted() -> str | None:
    """The system's certificates, where no variable names others."""
    if any(os.environ.get(f"OTEL_EXPORTER_OTLP_{name}CERTIFICATE") for name in ("TRACES_", "")):
        return None
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath


class Exporter(SpanExporter, logging.Filter):
    """One per process. `put` and `stop` belong to the event loop's thread, what the SDK calls to its own.
    `exported` and `dropped` count spans, for /metrics. It filters the SDK's log: one line when trouble
    begins, one when it is over.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float,
        resource: Mapping[str, str],
        version: str = "",
        *,
        batch: int = BATCH,
        bound: int = BOUND,
        every_s: float = EVERY_S,
    ) -> None:
        """Headers, compression and certificates are read by the SDK from the OTEL_ variables."""
        logging.Filter.__init__(self)
        self._url, self._bound = url, bound
        self._resource = Resource.create({key: plain(value) for key, value in resource.items()})
        self._scope = InstrumentationScope("tradewind", version)
        self._sender = OTLPSpanExporter(url, _trusted(), timeout=timeout_s, session=_session())
        SENDING.addFilter(self)
        self._put = self._refused = self._lost = self.exported = 0
        self._stopping = self._closed = False
        self.trouble = ""
        """Why the last batch was not taken; empty while all is well."""
        self._processor = BatchSpanProcessor(
            self, max_queue_size=bound, max_export_batch_size=batch, schedule_delay_millis=every_s * 1_000
        )

    @property
    def waiting(self) -> int:
        """Spans that are not exported yet."""
        return self._put - self.exported - self._lost

    @property
    def dropped(self) -> int:
        return self._refused + self._lost

    def put(self, span: Span) -> None:
        """Keeps a span until it is exported; counts it as dropped where too many wait. Never raises."""
        if self._closed or self.waiting >= self._bound:
            self._refused += 1
            return
        self._put += 1
        self._processor.on_end(self._readable(span))

    async def stop(self, grace_s: float = 2.0) -> None:
        """Sends what waits, for so long, then gives up the rest. Nothing is sent twice now."""
        self._stopping = True
        if self.trouble:
            self._close()
        ended, loop = asyncio.Event(), asyncio.get_running_loop()

        def end() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):  # the loop has not waited
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=end, name="end of traces", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await ended.wait()
        self._close()
        if lost := self.waiting:
            self._lost += lost
            self._say(f"{lost} spans were left at the end ({grace_s:g} s)")
        SENDING.removeFilter(self)

    # -- called by the SDK, in its thread

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        taken = False
        try:
            taken = self._sender.export(spans) is SpanExportResult.SUCCESS
        finally:
            self._count(len(spans), taken)
        return SpanExportResult.SUCCESS if taken else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self._close()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING and not self._closed:
            self._say(record.getMessage())
            if self._stopping:
                self._close()  # else the SDK would wait and try again
        return False

    def _count(self, spans: int, taken: bool) -> None:
        spans = min(spans, self.waiting)  # `stop` has counted what it gave up
        if not taken:
            self._lost += spans
            return
        self.exported += spans
        if self.trouble:
            LOG.info("traces are exported to %s again", self._url)
            self.trouble = ""

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._sender.shutdown()  # type: ignore[no-untyped-call]

    def _say(self, reason: str) -> None:
        """Once per change, however long it lasts."""
        if not self.trouble:
            LOG.warning(
                "traces cannot be exported to %s: %s; requests are served as ever, spans are dropped",
                self._url,
                reason,
            )
        self.trouble = reason

    def _readable(self, span: Span) -> ReadableSpan:
        trace_id = int(span.trace_id, 16)
        state = TraceState.from_header([span.state]) if span.state else None
        parent = None
        if span.parent_id:
            parent = SpanContext(trace_id, int(span.parent_id, 16), span.kind in REMOTE, SAMPLED)
        return ReadableSpan(
            plain(span.name),
            SpanContext(trace_id, int(span.span_id, 16), False, SAMPLED, state),
            parent,
            self._resource,
            {
                key: plain(value[:LONGEST_VALUE]) if isinstance(value, str) else value
                for key, value in span.attributes.items()
            },
            links=[Link(SpanContext(int(trace, 16), int(id, 16), True, SAMPLED)) for trace, id in span.links],
            kind=KINDS[span.kind],
            status=Status(StatusCode.ERROR, plain(span.error)) if span.error else Status(),
            start_time=span.began,
            end_time=span.ended,
            instrumentation_scope=self._scope,
        )
