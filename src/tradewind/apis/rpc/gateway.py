"""The gateway of this face: takes HTTP requests, asks the services over their queues, and keeps nothing
itself.

A request costs no task: it is checked and sent at once, and what comes back is put into its envelope as it
came.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count

from ...core.http import Request
from ...core.request_queue import Kind, Outcome, RequestQueueClient
from ...observability.tracing import Tracer
from ..kernel.resilience.breaker import State
from ..kernel.resilience.guarded import Guarded, Later, Verdict
from . import envelope
from .envelope import CORS, METHODS
from .health import Health
from .operations import Operations
from .pages import Page, docs_pages
from .request_context import Downstream, GatewayContext, RequestContext
from .routes import Route, Routes
from .settings import RpcSettings

_STATES = {State.CLOSED: 0.0, State.HALF_OPEN: 1.0, State.OPEN: 2.0}
_VERDICTS = {
    Kind.ANSWER: Verdict.FINE,
    Kind.TIMEOUT: Verdict.TIMED_OUT,
    Kind.DOWN: Verdict.FAILED,
    Kind.BUSY: Verdict.BUSY,
}
NOTHING = b'{"id":"00000000-0000-4000-8000-000000000000"}'
"""An id that does not exist: a service that says so is up."""
logger = logging.getLogger(__name__)


def _nothing(*_: object) -> None:
    """No observer."""


def judge(outcome: Outcome) -> Verdict:
    """A refusal is the service's failure from 500 on, else the caller's own."""
    verdict = _VERDICTS.get(outcome.kind)
    if verdict is None:
        return Verdict.FINE if envelope.status_of(outcome.body) < 500 else Verdict.FAILED
    return verdict


def _ids() -> Callable[[], bytes]:
    """Makes ids of requests and keys of writes: a random name of this start, and a number."""
    start, number = os.urandom(10).hex().encode(), count(1)
    return lambda: b"%b-%x" % (start, next(number))


class RpcApi:
    """A `Handler` of the HTTP server. `later` is `loop.call_later`; `lacks` adds to what readiness misses;
    `pages` are served as they are, beside those of `/api/docs`. What is observed and logged, see
    `exchange.Means`.
    """

    def __init__(
        self,
        client: RequestQueueClient,
        settings: RpcSettings,
        *,
        later: Later,
        pages: Mapping[str, Page] | None = None,
        lacks: Callable[[], list[str]] = list,
        observe: Callable[[str, int, float], None] = _nothing,
        observe_call: Callable[[str, str, str, float], None] = _nothing,
        log: Callable[[str, str, str, str, int, float, str], None] = _nothing,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.perf_counter,
        chance: Callable[[], float] | None = None,
    ) -> None:
        fresh = _ids()
        self._means = GatewayContext(client, clock, fresh, observe, observe_call, log, tracer)
        more = {"chance": chance} if chance is not None else {}

        def downstream(name: str, queue: str, thing: bytes) -> Downstream:
            look = partial(client.call, queue, b'{"cmd":"get_%b_by_id"}' % thing, NOTHING)
            guarded: Guarded[Outcome] = Guarded(
                name,
                judge,
                clock=clock,
                later=later,
                in_flight=settings.in_flight,
                rules=settings.breaker,
                look=look,
                **more,
            )
            return Downstream(queue, guarded)

        orders = downstream("ORDER_SERVICE", settings.order_queue, b"order")
        inventory = downstream("INVENTORY_SERVICE", settings.inventory_queue, b"product")
        payments = downstream("PAYMENT_SERVICE", settings.payment_queue, b"payment")
        self.services: dict[str, Guarded[Outcome]] = {
            one.guarded.name: one.guarded for one in (orders, inventory, payments)
        }
        self._health = Health(client, self.services, lacks)
        self._unmatched = Route("unmatched", "", "", self._not_found)
        self._preflight = Route("preflight", "OPTIONS", "", self._allow, status=204)
        self._routes = Routes(
            [
                *Operations(settings, orders, inventory, payments, fresh).routes(),
                *self._health.routes(),
                *(
                    Route(f"page {path}", "GET", path, _page(page))
                    for path, page in {**docs_pages(), **(pages or {})}.items()
                ),
            ]
        )

    def __call__(self, request: Request) -> None:
        route, value = self._routes.find(request.method, request.path)
        if route is None:
            route = self._preflight if request.method == "OPTIONS" else self._unmatched
        exchange = RequestContext(self._means, request, route, value)
        try:
            route.serve(exchange)
        except Exception:  # whatever our bug is, this client gets an answer of this face
            logger.exception("%s failed", route.name)
            exchange.answer(500, envelope.error(500, envelope.INTERNAL))

    def drain(self) -> None:
        """Says that we are about to leave: no longer ready. What is under way goes on."""
        self._health.closing = True
        for service in self.services.values():
            service.look = None

    @property
    def levels(self) -> dict[str, Callable[[], dict[str, float]]]:
        """What can be read at any time, per service, under the names that `Metrics.watch` takes."""
        services = self.services
        return {
            "breaker_state": lambda: {name: _STATES[one.state] for name, one in services.items()},
            "rpc_in_flight": lambda: {name: float(one.in_flight) for name, one in services.items()},
            "rpc_client_retries": lambda: {name: float(one.retries) for name, one in services.items()},
            "rpc_client_retries_denied": lambda: {name: float(one.denied) for name, one in services.items()},
            "rpc_client_shed": lambda: {name: float(one.shed) for name, one in services.items()},
            "rpc_client_rejected": lambda: {name: float(one.rejected) for name, one in services.items()},
        }

    def _not_found(self, exchange: RequestContext) -> None:
        request = exchange.request
        url = f"{request.path}?{request.query.decode('latin-1')}" if request.query else request.path
        exchange.answer(404, envelope.error(404, f"Cannot {request.method} {url}", "Not Found"))

    def _allow(self, exchange: RequestContext) -> None:
        headers: envelope.Headers = (
            *CORS,
            (b"access-control-allow-methods", METHODS),
            (b"vary", b"Access-Control-Request-Headers"),
        )
        if wanted := exchange.request.headers.get(b"access-control-request-headers"):
            headers = (*headers, (b"access-control-allow-headers", wanted))
        exchange.answer(204, b"", headers)


def _page(page: Page) -> Callable[[RequestContext], None]:
    def serve(exchange: RequestContext) -> None:
        answer = page(exchange.request)
        exchange.answer(answer.status, answer.body, (*CORS, *answer.headers), answer.content_type)

    return serve
