"""One request on its way through the gateway: what it asks of which service, and the envelope of its
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.request_queue import Kind, Outcome, RequestQueueClient
from ...observability import spans
from ...observability.tracing import Span
from ..kernel.admission import SIGNED_IN, Rule
from ..kernel.request_context import Headers, Kernel, Route
from ..kernel.resilience.guarded import Verdict
from ..kernel.resilience.presets import Preset
from ..nest.bodies import BodyRefused
from ..nest.http import Message, NestContext
from . import envelope
from .downstream import Downstream
from .envelope import BEGIN, END
from .texts import language, text

_UNANSWERED = {
    Verdict.OPEN: "open",
    Verdict.BUSY: "busy",
    Verdict.TIMED_OUT: "timeout",
    Verdict.FAILED: "down",
}
_ENDS = {Verdict.OPEN: "busy", Verdict.BUSY: "busy", Verdict.TIMED_OUT: "timeout", Verdict.FAILED: "down"}


class RpcKernel(Kernel):
    """`observe_call` takes service, operation, outcome, seconds."""

    __slots__ = ("client", "observe_call")

    def __init__(
        self,
        client: RequestQueueClient,
        fresh: Callable[[], bytes],
        observe_call: Callable[[str, str, str, float], None],
        **shared: Any,
    ) -> None:
        super().__init__(fresh, **shared)
        self.client, self.observe_call = client, observe_call


class RpcRoute(Route["RpcContext"]):
    """`asks` is the command that the service is asked by."""

    __slots__ = ("method", "pattern")

    def __init__(
        self,
        name: str,
        method: str,
        path: str,
        serve: Callable[[RpcContext], None],
        *,
        status: int = 200,
        asks: str = "",
        rule: Rule | None = SIGNED_IN,
    ) -> None:
        super().__init__(name, path, serve, status, rule)
        self.method, self.pattern = method, b'{"cmd":"%b"}' % asks.encode()


class RpcContext(NestContext):
    __slots__ = ("_data", "_downstream", "_tries")

    route: RpcRoute
    _kernel: RpcKernel
    _data: bytes
    _downstream: Downstream

    @property
    def language(self) -> bytes:
        return language(self.request.headers.get(b"x-lang"))

    def ask(self, downstream: Downstream, preset: Preset, data: bytes, *, retryable: bool = True) -> None:
        """Asks the service what the route says; its answer is the answer."""
        self._downstream, self._data, self._tries = downstream, data, 0
        downstream.guarded.run(preset, retryable, self._attempt, self._came)

    def _attempt(self, timeout_s: float, then: Callable[[Outcome], None]) -> None:
        queue, route, traceparent = self._downstream.queue, self.route, self.parent
        if self.span is not None:
            self._tries += 1
            step = spans.rpc_attempt(self.span, queue, route.name, self._tries)
            if step is not None:
                traceparent, then = step.traceparent, _ending(step, then)
        self._kernel.client.call(queue, route.pattern, self._data, timeout_s, then, traceparent=traceparent)

    def _came(self, verdict: Verdict, outcome: Outcome | None) -> None:
        try:
            self._show(verdict, outcome)
        except Exception as error:  # here no other code makes sure that the client gets an answer
            self.fail(error)

    def _show(self, verdict: Verdict, outcome: Outcome | None) -> None:
        guarded = self._downstream.guarded
        if outcome is not None and outcome.kind is Kind.ANSWER:
            ended = "answer"
            self.answer(self.route.status, BEGIN + outcome.body + END)
        elif outcome is not None and outcome.kind is Kind.REFUSED:
            ended = "refused"
            status, body = envelope.refusal(outcome.body)
            self.answer(status, body, ((b"retry-after", b"1"),) if status == 503 else ())
        else:
            ended = _ENDS[verdict]
            says = text(_UNANSWERED[verdict], self.language, guarded.name)
            self.refuse(503, says, headers=((b"retry-after", b"%d" % guarded.retry_after()),))
        kernel = self._kernel
        kernel.observe_call(guarded.name, self.route.name, ended, kernel.tick() - self.began)

    def fail(self, error: BaseException) -> None:
        if isinstance(error, BodyRefused):
            self.refuse(error.status, error.message, error.name)
        else:
            super().fail(error)

    def refuse(self, status: int, message: Message, name: str = "", headers: Headers = ()) -> None:
        """In the envelope of this API."""
        self.answer(status, envelope.error(status, message, name), headers)


def _ending(step: Span, then: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
    def ended(outcome: Outcome) -> None:
        spans.rpc_ended(step, outcome.kind.value)
        then(outcome)

    return ended
