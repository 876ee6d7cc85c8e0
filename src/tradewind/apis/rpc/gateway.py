"""The gateway of this API: takes HTTP requests, asks the services over their queues, and keeps nothing
itself.

A request costs no task: it is checked and sent at once, and what comes back is put into its envelope as it
came.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from ...core.rate_limiter import Limit, RateLimiter, in_process
from ...core.request_queue import Outcome, RequestQueueClient
from ...observability.tracing import Tracer
from ..kernel.admission import Admission
from ..kernel.client_address import TrustedProxies
from ..kernel.docs import api_pages
from ..kernel.health import Health
from ..kernel.request_context import Api, Log, Observe, Page, ignore, page_routes, request_ids
from ..kernel.resilience.guarded import Guarded, Later, levels
from ..kernel.router import Router
from .downstream import Downstream, RpcSettings, judge
from .envelope import CORS
from .operations import Operations
from .request_context import RpcContext, RpcKernel, RpcRoute

NOTHING = b'{"id":"00000000-0000-4000-8000-000000000000"}'
"""An id that does not exist: a service that says so is up."""
OK = b'{"status":"ok"}'
_encode = msgspec.json.Encoder().encode


class RpcApi(Api[RpcContext]):
    """A `Handler` of the HTTP server. `later` is `loop.call_later`; `lacks` adds to what readiness misses;
    `pages` are served as they are, beside those of `/api/docs`. What is observed and logged, see `Kernel`.
    """

    def __init__(
        self,
        client: RequestQueueClient,
        settings: RpcSettings,
        *,
        later: Later,
        pages: Mapping[str, Page] | None = None,
        lacks: Callable[[], list[str]] = list,
        observe: Observe = ignore,
        observe_call: Callable[[str, str, str, float], None] = ignore,
        log: Log = ignore,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], int] | None = None,
        chance: Callable[[], float] | None = None,
        proxies: TrustedProxies | None = None,
        limiter: Callable[[Limit], RateLimiter] = in_process,
    ) -> None:
        self._client, self._lacks = client, lacks
        fresh = request_ids(os.urandom(10).hex())
        kernel = RpcKernel(
            client,
            fresh,
            observe_call,
            observe=observe,
            log=log,
            tick=clock,
            tracer=tracer,
            cors=CORS,
            proxies=proxies,
            now=now,
            patience_ms=0,
            admission=Admission(
                limiter=limiter(Limit(settings.rate_limit_per_minute, most=settings.buckets))
            ),
        )
        more: dict[str, Any] = {"chance": chance} if chance is not None else {}

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
        self.health = Health(self._missing)
        routes: list[RpcRoute] = [
            *Operations(settings, orders, inventory, payments, fresh).routes(),
            RpcRoute("health", "GET", "/health", _ok, rule=None),
            RpcRoute("health.circuits", "GET", "/health/circuits", self._circuits, rule=None),
        ]
        shown = {**self.health.pages(), **docs_pages(), **(pages or {})}
        paths = [(route.method, route.path, route) for route in routes]
        super().__init__(kernel, RpcContext, Router([*paths, *page_routes(shown)], loose=True))

    def drain(self) -> None:
        """Says that we are about to leave: no longer ready. What is under way goes on."""
        self.health.closing = True
        for service in self.services.values():
            service.look = None

    @property
    def levels(self) -> dict[str, Callable[[], dict[str, float]]]:
        """What can be read at any time, per service, under the names that `Metrics.watch` takes."""
        return levels(self.services)

    def _circuits(self, context: RpcContext) -> None:
        shown = {
            name: {"state": service.state.value, "stats": service.stats()}
            for name, service in self.services.items()
        }
        context.answer(200, _encode(shown))

    def _missing(self) -> list[str]:
        client = self._client
        broker = [] if client.up else [f"broker: {client.missing or 'not connected'}"]
        return broker + self._lacks()


def _ok(context: RpcContext) -> None:
    context.answer(200, OK)


def docs_pages() -> dict[str, Page]:
    """The API explorer; `/api/docs-json` is NestJS's name for the description, which is made when it is first
    asked for.
    """
    return api_pages("Tradewind API", _description, page="/api/docs", description="/api/docs-json")


def _description() -> bytes:
    from .described import document_json

    return document_json()
