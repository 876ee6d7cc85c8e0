"""One request of any API: its identity, its trace, its caller, and that it is answered, counted and logged
once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ...core.clock import SystemClock
from ...core.gateway import Reply
from ...core.http import Request, Response
from ...core.model import Caller
from ...observability import context, spans
from ...observability.tracing import Span, Tracer
from .admission import SIGNED_IN, Admission, Rule
from .client_address import TrustedProxies
from .cors import Cors
from .pending_reads import attempt
from .router import Router

Headers = tuple[tuple[bytes, bytes], ...]
PATIENCE_MS = 30_000
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")
Page = Callable[[Request], Response]
Observe = Callable[[str, int, float], None]
"""Name of the route, status, seconds."""


class Log(Protocol):
    """`observability.access.AccessLog.write`."""

    def __call__(
        self,
        request_id: str,
        trace_id: str,
        method: str,
        route: str,
        status: int,
        ms: float,
        caller: str,
        client: str,
        /,
    ) -> None: ...


def ignore(*_: object) -> None:
    """Observes and logs nothing."""


def request_ids(start: str) -> Callable[[], bytes]:
    """Makes ids for requests that come without one: the name of this start and a number. Nothing is kept
    under them, so that is enough.
    """
    name, number = start.encode(), count(1)
    return lambda: b"%b-%x" % (name, next(number))


class Kernel:
    """What all requests of one API share. `tick` tells seconds, `now` ms since the epoch; `patience_ms` is
    how long a caller is taken to wait for an answer, 0 where the calls of the API have bounds of their own.
    Without a `tracer` no request has a span, without `cors` no page of another origin may read an answer;
    without `proxies` the client is whoever has connected; without an `admission` the shop is open, and nobody
    is limited.
    """

    __slots__ = (
        "admission",
        "always",
        "anybody",
        "clocked",
        "cors",
        "fresh",
        "log",
        "now",
        "observe",
        "patience_ms",
        "proxies",
        "tick",
        "tracer",
        "varies",
    )

    def __init__(
        self,
        fresh: Callable[[], bytes],
        *,
        observe: Observe = ignore,
        log: Log = ignore,
        tick: Callable[[], float] = time.perf_counter,
        now: Callable[[], int] | None = None,
        patience_ms: int = PATIENCE_MS,
        tracer: Tracer | None = None,
        cors: Cors | None = None,
        proxies: TrustedProxies | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.fresh, self.observe, self.log, self.tick = fresh, observe, log, tick
        self.now, self.patience_ms = now or SystemClock().now, patience_ms
        self.tracer = tracer if tracer is not None and tracer.on else None
        self.cors, self.proxies, self.admission = cors, proxies, admission or Admission()
        self.anybody = self.admission.anybody
        self.clocked = patience_ms > 0 or not self.admission.idle
        self.always: Headers = cors.constant if cors is not None else ()
        self.varies = cors if cors is not None and not cors.constant else None


C = TypeVar("C", bound="RequestContext")


class Route(Generic[C]):
    """A path and what serves it. `path` is the template that metrics, logs and traces show; empty where none
    fits. `rule`: who may ask; None: a public page, which is not counted against anybody's share. `finish`
    answers with the reply of a service; None: as the service has written it.
    """

    __slots__ = ("finish", "name", "path", "rule", "serve", "status")

    def __init__(
        self,
        name: str,
        path: str,
        serve: Callable[[C], None],
        status: int = 200,
        rule: Rule | None = SIGNED_IN,
        finish: Callable[[C, Reply], None] | None = None,
    ) -> None:
        self.name, self.path, self.serve, self.status, self.rule = name, path, serve, status, rule
        self.finish = finish


class RequestContext:
    """`at` (ms since the epoch) is when it came. `parent` is the caller's `traceparent`, empty where it sent
    none that is valid; `span` is this step of the trace, None where nobody follows it. An API adds how it
    answers and what it does about errors.
    """

    __slots__ = (
        "_answered",
        "_kernel",
        "at",
        "began",
        "caller",
        "parent",
        "request",
        "request_id",
        "route",
        "span",
        "values",
    )

    HEADERS: ClassVar[Headers] = ()
    """Of an answer that says nothing else."""
    CONTENT_TYPE: ClassVar[bytes] = b"application/json"

    route: Route[Any]

    def __init__(self, kernel: Kernel, request: Request) -> None:
        self._kernel, self.request, self.began = kernel, request, kernel.tick()
        self._answered, self.at = False, kernel.now() if kernel.clocked else 0
        self.caller: Caller = kernel.anybody
        self.values: tuple[str, ...] = ()
        headers = request.headers
        given = headers.get(b"x-request-id")
        self.request_id = given if given is not None and _VISIBLE.fullmatch(given) else kernel.fresh()
        sent = headers.get(context.HEADER)
        self.parent = "" if sent is None else context.onward(context.header(sent))
        tracer = kernel.tracer
        self.span: Span | None = (
            None if tracer is None else spans.http_request(tracer, request.method, headers)
        )

    @property
    def traceparent(self) -> str:
        """What the next hop is sent; empty where nobody follows this request."""
        return self.parent if self.span is None else self.span.traceparent

    @property
    def trace(self) -> str:
        """What the stories that this request begins are found by."""
        return self.traceparent or self.request_id.decode()

    @property
    def deadline(self) -> int:
        """When its caller no longer waits, in ms since the epoch; 0: the API says none."""
        patience_ms = self._kernel.patience_ms
        return self.at + patience_ms if patience_ms else 0

    @property
    def client(self) -> str:
        """The address of the caller, as far as a proxy that we trust tells it."""
        proxies = self._kernel.proxies
        return self.request.client if proxies is None else proxies.client(self.request)

    def admitted(self) -> None:
        """Goes on, once its caller is known and may ask this."""
        self.route.serve(self)

    def deliver(self, reply: Reply) -> None:
        """For the gateway: what came of our request."""
        attempt(self.fail, self.finish, reply)

    def finish(self, reply: Reply) -> None:
        """Answers with a reply, in the form of the API."""
        route = self.route
        if reply.status:
            self.refused(reply)
        elif route.finish is None:
            self.answer(route.status, reply.body)
        else:
            route.finish(self, reply)

    def refused(self, reply: Reply) -> None:
        """Answers with the refusal of a service, in the form of the API."""
        raise NotImplementedError

    def show(self, view: Any) -> None:
        """Answers with what was asked for, in the form of the API."""
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """Answers with an error, in the form of the API."""
        raise NotImplementedError

    def unmatched(self, methods: list[str]) -> None:
        """Answers where no route fits; `methods` are those that the path can be asked with."""
        raise NotImplementedError

    def answer(
        self, status: int, body: bytes, headers: Headers | None = None, content_type: bytes | None = None
    ) -> None:
        """Answers, once: a second answer is dropped."""
        if self._answered:
            return
        self._answered = True
        kernel, request, route, span = self._kernel, self.request, self.route, self.span
        if headers is None:
            headers = self.HEADERS
        headers = (*headers, (b"x-request-id", self.request_id), *kernel.always)
        if kernel.varies is not None:
            headers = (*headers, *kernel.varies.headers(request))
        if span is None:
            trace_id = self.parent[3:35]
        else:
            trace_id = span.trace_id
            headers = (*headers, (context.HEADER, span.traceparent.encode()))
            spans.http_answered(span, route.path, status)
        request.respond(Response(status, body, headers, content_type or self.CONTENT_TYPE))
        seconds = kernel.tick() - self.began
        kernel.observe(route.name, status, seconds)
        kernel.log(
            self.request_id.decode(),
            trace_id,
            request.method,
            route.path,
            status,
            seconds * 1_000,
            self.caller.id,
            request.client if kernel.proxies is None else kernel.proxies.client(request),
        )


def page_routes(pages: Mapping[str, Page]) -> Iterator[tuple[str, str, Route[Any]]]:
    """Public pages that are served as they are, each under its path."""
    for path, page in pages.items():
        name = path[1:].replace("/", ".") if path.startswith("/health") else f"page {path}"
        yield "GET", path, Route(name, path, partial(_show, page), rule=None)


def _show(page: Page, context: RequestContext) -> None:
    shown = page(context.request)
    context.answer(shown.status, shown.body, shown.headers, shown.content_type)


class Api(Generic[C]):
    """A `Handler` of the HTTP server: makes the context of each request, finds its route and sees that any
    error is answered.
    """

    def __init__(self, kernel: Kernel, context: type[C], router: Router[Route[C]]) -> None:
        self._kernel, self._context, self._router = kernel, context, router
        self._enter = kernel.admission.enter
        # the hot path of an open shop without limits: nothing to decide
        self._direct = kernel.admission.idle and context.admitted is RequestContext.admitted
        self._unmatched: Route[C] = Route("unmatched", "", self._refuse, rule=None)
        self._preflight: Route[C] = Route("preflight", "", self._allow, 204, None)

    def __call__(self, request: Request) -> None:
        context = self._context(self._kernel, request)
        route, context.values = self._router.find(request.method, request.path)
        if route is None:
            route = self._unmatched
            if request.method == "OPTIONS" and (cors := self._kernel.cors) is not None and cors.asks(request):
                route = self._preflight
        context.route = route
        try:
            if self._direct or (rule := route.rule) is None:
                route.serve(context)
            else:
                self._enter(context, rule)
        except Exception as error:  # whatever it is, this client gets an answer of this API
            context.fail(error)

    def _refuse(self, context: C) -> None:
        context.unmatched(self._router.methods(context.request.path))

    def _allow(self, context: C) -> None:
        assert self._kernel.cors is not None
        context.answer(204, b"", self._kernel.cors.preflight(context.request))
