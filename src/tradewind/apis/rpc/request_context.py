"""One request on its way through the gateway: what it asks of which service, and that it is answered once,
counted and logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...core.http import Request, Response
from ...core.request_queue import Kind, Outcome, RequestQueueClient
from ...observability import context, spans
from ...observability.tracing import Span, Tracer
from ..kernel.resilience.guarded import Guarded, Verdict
from ..kernel.resilience.presets import Preset
from . import envelope
from .envelope import BEGIN, CORS, END, JSON
from .texts import language, text

if TYPE_CHECKING:
    from .routes import Route

logger = logging.getLogger(__name__)
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")
_UNANSWERED = {
    Verdict.OPEN: "open",
    Verdict.BUSY: "busy",
    Verdict.TIMED_OUT: "timeout",
    Verdict.FAILED: "down",
}
_ENDS = {Verdict.OPEN: "busy", Verdict.BUSY: "busy", Verdict.TIMED_OUT: "timeout", Verdict.FAILED: "down"}


class Downstream:
    """A service behind its queue."""

    __slots__ = ("guarded", "queue")

    def __init__(self, queue: str, guarded: Guarded[Outcome]) -> None:
        self.queue, self.guarded = queue, guarded


class GatewayContext:
    """What all requests of one gateway share. `observe` takes operation, status, seconds; `observe_call`
    service, operation, outcome, seconds; `log` is `observability.access.AccessLog.write`.
    """

    __slots__ = ("client", "clock", "fresh", "log", "observe", "observe_call", "tracer")

    def __init__(
        self,
        client: RequestQueueClient,
        clock: Callable[[], float],
        fresh: Callable[[], bytes],
        observe: Callable[[str, int, float], None],
        observe_call: Callable[[str, str, str, float], None],
        log: Callable[[str, str, str, str, int, float, str], None],
        tracer: Tracer | None,
    ) -> None:
        self.client, self.clock, self.fresh, self.tracer = client, clock, fresh, tracer
        self.observe, self.observe_call, self.log = observe, observe_call, log


class RequestContext:
    __slots__ = (
        "_answered",
        "_began",
        "_data",
        "_downstream",
        "_means",
        "_parent",
        "_span",
        "_tries",
        "request",
        "request_id",
        "route",
        "value",
    )

    _span: Span | None
    _data: bytes
    _downstream: Downstream

    def __init__(self, means: GatewayContext, request: Request, route: Route, value: str) -> None:
        self._means, self.request, self.route, self.value = means, request, route, value
        self._began = means.clock()
        self._answered, self._tries = False, 0
        headers = request.headers
        given = headers.get(b"x-request-id")
        self.request_id = given if given is not None and _VISIBLE.fullmatch(given) else means.fresh()
        sent = headers.get(b"traceparent")
        self._parent = "" if sent is None else context.header(sent)
        if self._parent and context.parse(self._parent) is None:
            self._parent = ""
        self._span = (
            None if means.tracer is None else spans.http_request(means.tracer, request.method, headers)
        )

    @property
    def language(self) -> bytes:
        return language(self.request.headers.get(b"x-lang"))

    # -- the service
    # ------------------------------------------------------------------------------------------------------

    def ask(self, downstream: Downstream, preset: Preset, data: bytes, *, retryable: bool = True) -> None:
        """Asks the service what the route says; its answer is the answer."""
        self._downstream, self._data = downstream, data
        downstream.guarded.run(preset, retryable, self._attempt, self._came)

    def _attempt(self, timeout_s: float, then: Callable[[Outcome], None]) -> None:
        queue, route, traceparent = self._downstream.queue, self.route, self._parent
        if self._span is not None:
            self._tries += 1
            step = spans.rpc_attempt(self._span, queue, route.name, self._tries)
            if step is not None:
                traceparent, then = step.traceparent, _ending(step, then)
        self._means.client.call(queue, route.pattern, self._data, timeout_s, then, traceparent=traceparent)

    def _came(self, verdict: Verdict, outcome: Outcome | None) -> None:
        try:
            self._show(verdict, outcome)
        except Exception:  # here no other code makes sure that the client gets an answer
            logger.exception("the answer of %s failed", self.route.name)
            self.answer(500, envelope.error(500, envelope.INTERNAL))

    def _show(self, verdict: Verdict, outcome: Outcome | None) -> None:
        guarded = self._downstream.guarded
        if outcome is not None and outcome.kind is Kind.ANSWER:
            ended = "answer"
            self.answer(self.route.status, BEGIN + outcome.body + END)
        elif outcome is not None and outcome.kind is Kind.REFUSED:
            ended = "refused"
            status, body = envelope.refusal(outcome.body)
            self.answer(status, body, (*CORS, (b"retry-after", b"1")) if status == 503 else CORS)
        else:
            ended = _ENDS[verdict]
            wait = (b"retry-after", b"%d" % guarded.retry_after())
            self.answer(
                503,
                envelope.error(503, text(_UNANSWERED[verdict], self.language, guarded.name)),
                (*CORS, wait),
            )
        means = self._means
        means.observe_call(guarded.name, self.route.name, ended, means.clock() - self._began)

    # -- the answer
    # -------------------------------------------------------------------------------------------------------

    def answer(
        self, status: int, body: bytes, headers: envelope.Headers = CORS, content_type: bytes = JSON
    ) -> None:
        if self._answered:
            return
        self._answered = True
        request, route, means = self.request, self.route, self._means
        request.respond(Response(status, body, (*headers, (b"x-request-id", self.request_id)), content_type))
        seconds = means.clock() - self._began
        trace_id = self._parent[3:35]
        if (span := self._span) is not None:
            trace_id = span.trace_id
            spans.http_answered(span, route.path, status)
        means.observe(route.name, status, seconds)
        means.log(self.request_id.decode(), trace_id, request.method, route.path, status, seconds * 1_000, "")

    def refuse(self, message: str | list[str]) -> None:
        """400, with what is wrong."""
        self.answer(400, envelope.bad_request(message))


def _ending(step: Span, then: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
    def ended(outcome: Outcome) -> None:
        spans.rpc_ended(step, outcome.kind.value)
        then(outcome)

    return ended
