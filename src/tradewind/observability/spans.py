"""Names the five kinds of steps in OpenTelemetry's words, so that whoever takes a step writes one line and
every tool understands it.

No path, query, body or value of a statement goes into a span: what a trace shows may be seen by more people
than the shop's data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from . import context
from .tracing import MOST_LINKS, Kind, Span, Tracer

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"))
MOST_STATEMENTS = 128
LONGEST_TEXT = 2_000
_TABLE = re.compile(
    r'\b(?:INTO|FROM|UPDATE|JOIN|TABLE)\s+(?:ONLY\s+)?("?[\w$]+"?(?:\."?[\w$]+"?)?)', re.IGNORECASE
)

RABBITMQ = "rabbitmq"


# -- a request comes in by HTTP
# --------------------------------------------------------------------------------------------


def http_request(tracer: Tracer, method: str, headers: Mapping[bytes, bytes]) -> Span | None:
    """The server's step of a request, under the client's trace where it sent one."""
    if not tracer.on:
        return None
    parent = headers.get(context.HEADER)
    if parent is None:
        span = tracer.start(method, Kind.SERVER)
    elif context.declined(text := context.header(parent)):
        return None
    else:
        span = tracer.start(method, Kind.SERVER, text, context.header(headers.get(context.STATE_HEADER)))
    if span is not None:
        span.name = method if method in METHODS else "HTTP"
        span.set("http.request.method", method if method in METHODS else "_OTHER")
    return span


def http_answered(span: Span | None, route: str, status: int) -> None:
    """`route` is the template (`/api/orders/:id`), empty where none fits; the caller's errors are none of
    ours.
    """
    if span is None:
        return
    if route:
        span.name = f"{span.name} {route}"
        span.set("http.route", route)
    span.set("http.response.status_code", status)
    span.end(str(status) if status >= 500 else "")


# -- a request goes out over the broker, and comes back
# --------------------------------------------------------------------


def rpc_attempt(span: Span | None, queue: str, operation: str, attempt: int = 1) -> Span | None:
    """One attempt of a call; its `traceparent` goes with the message. None where the request is not
    followed.
    """
    if span is None:
        return None
    call = span.child(f"send {queue}", Kind.CLIENT)
    _messaging(call, "send", "send", queue, operation)
    if attempt > 1:
        call.set("tradewind.attempt", attempt)
    return call


def request_sent(tracer: Tracer, queue: str, operation: str, parent: str) -> Span | None:
    """One attempt of a call that belongs to the step `parent`; as `rpc_attempt` where there is no span at
    hand.
    """
    call = tracer.under(parent, f"send {queue}", Kind.CLIENT)
    if call is not None:
        _messaging(call, "send", "send", queue, operation)
    return call


def rpc_ended(call: Span | None, outcome: str) -> None:
    """`outcome` is the word that the metrics use: `answer`, `refused`, `timeout`, `down` or `busy`; the last
    three are errors.
    """
    if call is not None:
        call.end("" if outcome in ("answer", "refused") else outcome, **{"tradewind.outcome": outcome})


def onward(span: Span | None, parent: str = "") -> str:
    """The `traceparent` for the next hop: of this step, or the caller's own where we do not follow it. Empty:
    there is none.
    """
    if span is not None:
        return span.traceparent
    return parent if parent and context.parse(parent) is not None else ""


def event_sent(
    tracer: Tracer, exchange: str, event: str, parent: str, *, system: str = RABBITMQ
) -> Span | None:
    """An event on its way to an exchange or a topic; `parent` is the trace of the request that led to it. End
    it when the broker confirms.
    """
    span = tracer.under(parent, f"send {exchange}", Kind.PRODUCER)
    if span is not None:
        _messaging(span, "send", "send", exchange, event, system)
    return span


# -- a message comes in from the broker
# ------------------------------------------------------------------------------------


def consumed(
    tracer: Tracer,
    queue: str,
    operation: str,
    parent: str,
    *,
    redelivered: bool = False,
    system: str = RABBITMQ,
) -> Span | None:
    """A service's span for one message. A message without a trace starts none: the gateway has decided, or
    there was none.
    """
    span = tracer.under(parent, f"process {queue}", Kind.CONSUMER)
    if span is not None:
        _messaging(span, "process", "process", queue, operation, system)
        if redelivered:
            span.set("tradewind.redelivered", True)
    return span


def answered(span: Span | None, status: int = 200) -> None:
    """The message was handled; `status` as in HTTP."""
    if span is not None:
        span.end(str(status) if status >= 500 else "")


def _messaging(span: Span, name: str, kind: str, destination: str, key: str, system: str = RABBITMQ) -> None:
    span.attributes |= {
        "messaging.system": system,
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": destination,
        "tradewind.operation": key,
    }


# -- a batch, and what it says to the database
# -----------------------------------------------------------------------------

Statement = tuple[str, float, float]
"""Its text, with places for values and no values; when it began and ended, as `time.perf_counter` tells
it.
"""


class BatchSpans:
    """Follows the batches of a processor. A batch serves many requests and can have one parent: that is the
    first request that is followed. It links to all of them; every other one gets a step of its own that links
    to the batch, so that each order is one trace from which its statements are found.
    """

    def __init__(self, tracer: Tracer, system: str = "postgresql") -> None:
        self._tracer, self._system = tracer, system

    def wanted(self, traces: Iterable[str]) -> list[str]:
        """Which of a batch's messages are followed. None of them: do not time its statements, and do not call
        `batch`.
        """
        return self._tracer.wanted(traces)

    def batch(
        self,
        traceparents: Sequence[str],
        began: float,
        ended: float,
        statements: Iterable[Statement] = (),
        messages: int = 0,
        error: str = "",
    ) -> None:
        """It was carried out, commit included. Times are `perf_counter`'s; `error` is a class of errors where
        it was undone.
        """
        tracer = self._tracer
        served = tracer.wanted(traceparents)[:MOST_LINKS]
        if not served:
            return
        offset = tracer.clock() - tracer.tick()
        spans = [self._begin(parent, began, offset) for parent in served]
        main, others = spans[0], spans[1:]
        main.set("messaging.batch.message_count", messages or len(traceparents))
        for parent in served:
            caller = context.parse(parent)
            if caller is not None:
                main.link(caller.trace_id, caller.span_id)
        for text, at, until in list(statements)[:MOST_STATEMENTS]:
            self._statement(main, text, _ns(at, offset), _ns(until, offset))
        for other in others:
            other.link(main.trace_id, main.span_id)
            other.finish(_ns(ended, offset), error)
        main.finish(_ns(ended, offset), error)

    def _begin(self, parent: str, began: float, offset: int) -> Span:
        span = self._tracer.start("batch", Kind.INTERNAL, parent)
        assert span is not None  # only those that are followed come here
        span.began = _ns(began, offset)
        return span

    def _statement(self, batch: Span, text: str, began: int, ended: int) -> None:
        words = text.split(None, 1)
        operation = words[0].upper().rstrip(";") if words else "?"
        table = _TABLE.search(text)
        target = table[1].replace('"', "") if table else ""
        span = batch.child(f"{operation} {target}".strip(), Kind.CLIENT)
        span.began = began
        span.attributes |= {
            "db.system": self._system,
            "db.operation.name": operation,
            "db.query.text": text[:LONGEST_TEXT],
        }
        if target:
            span.set("db.collection.name", target)
        span.finish(ended)


def _ns(seconds: float, offset: int) -> int:
    return int(seconds * 1e9) + offset
