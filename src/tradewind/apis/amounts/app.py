"""Puts the routes of a published system of amounts on the kernel: what its servers have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from ...core.api import ApiGiven, Front
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.http import Response
from ...core.rate_limiter import Limit, RateLimiter, in_process
from ...observability.tracing import Tracer
from ..kernel.admission import Admission
from ..kernel.client_address import TrustedProxies
from ..kernel.cors import Cors
from ..kernel.health import Health
from ..kernel.idempotency import Claims
from ..kernel.pending_reads import PendingReads
from ..kernel.request_context import (
    Api,
    Kernel,
    Log,
    Observe,
    Page,
    RequestContext,
    Route,
    ignore,
    page_routes,
    request_ids,
)
from ..kernel.router import Router
from ..kernel.serving import Serving
from .operations import Amounts

SLACK = 1024
"""How much more than the largest body the HTTP server reads: the API itself says what is too large."""
C = TypeVar("C", bound=RequestContext)
Entry = tuple[str, str, Route[Any]]


class AmountsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` keys the hashes of idempotency keys. `default_customer`: whose an order is that names nobody.
    `reads_at_once`: see `PendingReads`.
    """

    secret: bytes
    currency: str = "EUR"
    list_max: int = 10_000
    rate_limit_per_minute: int = 0
    buckets: int = 50_000
    default_customer: str = ""
    answer_s: float = 30.0
    reads_at_once: bool = True
    trusted_proxies: tuple[str, ...] = ()


class AmountsApi(Api[C]):
    """A `Handler` of the HTTP server. `routes` makes those of the API from what they all need; `pages` are
    served as they are; `lacks` adds to what readiness misses, `late`: see `Health`. The shop is open: nobody
    proves who he is.
    """

    def __init__(
        self,
        kind: type[C],
        gateway: Gateway,
        clock: Clock,
        settings: AmountsSettings,
        routes: Callable[[Amounts], Iterable[Entry]],
        *,
        pages: Mapping[str, Page],
        cors: Cors | None = None,
        loose: bool = False,
        observe: Observe = ignore,
        log: Log = ignore,
        tracer: Tracer | None = None,
        tick: Callable[[], float] = time.perf_counter,
        lacks: Callable[[], Iterable[str]] = tuple,
        late: Callable[[], Iterable[str]] = tuple,
        limiter: Callable[[Limit], RateLimiter] = in_process,
    ) -> None:
        self._asks = PendingReads(settings.answer_s, settings.reads_at_once)
        serving = Serving(gateway, self._asks, Claims(settings.secret))
        self.health = Health(lambda: dict.fromkeys((*gateway.missing(), *lacks())), late)
        proxies = settings.trusted_proxies
        kernel = Kernel(
            request_ids(clock.uuid().replace("-", "")[:20]),
            observe=observe,
            log=log,
            tick=tick,
            now=clock.now,
            patience_ms=round(settings.answer_s * 1_000),
            tracer=tracer,
            cors=cors,
            proxies=TrustedProxies(proxies) if proxies else None,
            admission=Admission(
                limiter=limiter(Limit(settings.rate_limit_per_minute, most=settings.buckets))
            ),
        )
        made = routes(Amounts(serving, settings.currency, settings.list_max))
        shown = page_routes({**self.health.pages(), **pages})
        super().__init__(kernel, kind, Router([*made, *shown], loose=loose))

    def drain(self) -> None:
        """Says that we are about to leave: no longer ready. What is under way goes on."""
        self.health.closing = True

    def close(self) -> None:
        self.drain()
        self._asks.close()


def front(
    given: ApiGiven,
    make: Callable[..., AmountsApi[Any]],
    problem: Callable[[Response], Response],
    most_body: int,
) -> Front:
    """What a process puts on HTTP."""
    known, reach = given.settings, given.reach
    settings = AmountsSettings(
        secret=given.secret("idempotency"),
        currency=known["currency"],
        list_max=known["list_max"],
        rate_limit_per_minute=known["rate_limit"],
        default_customer=known["default_customer"],
        reads_at_once=reach.at_once,
        trusted_proxies=known["trusted_proxies"],
    )
    api = make(
        reach.gateway,
        given.clock,
        settings,
        pages=given.pages,
        observe=given.observe,
        log=given.log,
        tracer=given.tracer,
        lacks=reach.lacks,
        late=reach.late,
        limiter=given.limiter,
    )
    return Front(handler=api, body_bytes=most_body + SLACK, problem=problem, drain=api.drain, close=api.close)
