"""API v1: takes every request from the HTTP server to its operation and sees that it is answered.

The way in is the same for all and usually has no wait in it: find the route, admit the caller, bind the
message, hand it to the gateway. The reply comes by callback.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ...contracts.api import OPERATIONS
from ...contracts.operation import Operation
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.rate_limiter import Limit, RateLimiter, in_process
from ...observability.tracing import Tracer
from ..kernel.admission import Admission
from ..kernel.health import Health
from ..kernel.idempotency import Claims
from ..kernel.passwords import Passwords
from ..kernel.pending_reads import PendingReads
from ..kernel.principals import Principals
from ..kernel.request_context import Api, Kernel, Log, Observe, Page, ignore, page_routes, request_ids
from ..kernel.router import Router
from .accounts import Accounts
from .call import Call
from .serving import Ops, V1Serving
from .settings import V1Settings
from .table import operation_routes
from .tokens import TokenWriter
from .waiting import Waiting
from .webhooks import Webhooks


class V1Api(Api[Call]):
    """A `Handler` of the HTTP server. `pages` are public and served as they are: metrics, the API's
    description. `late`: see `Health`.
    """

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        settings: V1Settings,
        *,
        pages: Mapping[str, Page] | None = None,
        observe: Observe = ignore,
        log: Log = ignore,
        tracer: Tracer | None = None,
        tick: Callable[[], float] = time.perf_counter,
        operations: Iterable[Operation] = OPERATIONS,
        passwords: Passwords | None = None,
        late: Callable[[], Iterable[str]] = tuple,
        limiter: Callable[[Limit], RateLimiter] = in_process,
    ) -> None:
        self._asks = PendingReads(settings.answer_s, settings.reads_at_once)
        self._passwords = passwords or Passwords(clock, settings.cost)
        tokens = TokenWriter(settings.jwt_secret, settings.key("refresh"), settings.access_ttl_s)
        claims = Claims(settings.key("idempotency"))
        self._principals = Principals(
            gateway,
            clock,
            self._asks,
            tokens.proven,
            recheck_ms=settings.recheck_ms,
            most=settings.tokens_remembered,
        )
        admission = Admission(
            self._principals, limiter(Limit(settings.rate_limit_per_minute, most=settings.buckets))
        )
        serving = V1Serving(gateway, self._asks, claims)
        accounts = Accounts(
            serving, gateway, clock, self._passwords, tokens, settings, self._principals.forget
        )
        self._waiting = Waiting(serving, gateway, clock, settings)
        self.health = Health(gateway.missing, late)
        ops = Ops(serving, gateway)
        webhooks = Webhooks(gateway, clock, claims, settings.webhook_secrets, admission.counted)
        routes = [
            *operation_routes(
                tuple(operations),
                serving,
                {**serving.handles, **accounts.handles, **self._waiting.handles, **ops.handles},
                {**accounts.finishes, **ops.finishes},
            ),
            *webhooks.routes(),
            *page_routes({**self.health.pages(), **(pages or {})}),
        ]
        kernel = Kernel(
            request_ids(clock.uuid().replace("-", "")[:20]),
            observe=observe,
            log=log,
            tick=tick,
            now=clock.now,
            patience_ms=round(settings.answer_s * 1_000),
            tracer=tracer,
            cors=settings.cors,
            proxies=settings.proxies,
            admission=admission,
        )
        super().__init__(kernel, Call, Router(routes))

    def drain(self) -> None:
        """Prepares for the stop: no longer ready, and clients that wait for an order are answered now."""
        self.health.closing = True
        self._waiting.close()

    def close(self) -> None:
        self.drain()
        self._asks.close()
        self._passwords.close()
