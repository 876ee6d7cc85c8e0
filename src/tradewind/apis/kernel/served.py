"""Puts the routes of an API on the kernel where nobody proves who he is: what the servers of published
systems have in common.
"""

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
from .admission import Admission
from .client_address import TrustedProxies
from .cors import Cors
from .health import Health
from .idempotency import Claims
from .pending_reads import PendingReads
from .rate_limits import network
from .request_context import (
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
from .router import Router
from .serving import Serving

SLACK = 1024
"""How much more than the largest body the HTTP server reads: the API itself says what is too large."""
C = TypeVar("C", bound=RequestContext)
Entry = tuple[str, str, Route[Any]]


class ServedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` keys the hashes of idempotency keys. `reads_at_once`: see `PendingReads`. `limit`: of each
    caller.
    """

    secret: bytes
    list_max: int = 10_000
    limit: Limit = Limit(0)
    answer_s: float = 30.0
    reads_at_once: bool = True
    trusted_proxies: tuple[str, ...] = ()


def common(given: ApiGiven) -> dict[str, Any]:
    """What the settings of a process say of `ServedSettings`."""
    known = given.settings
    return {
        "secret": given.secret("idempotency"),
        "list_max": known["list_max"],
        "reads_at_once": given.reach.at_once,
        "trusted_proxies": known["trusted_proxies"],
    }


class ServedApi(Api[C]):
    """A `Handler` of the HTTP server. `routes` makes those of the API from what they all need; `pages` are
    served as they are; `lacks` adds to what readiness misses, `late`: see `Health`. `stands_for`: see
    `Admission`.
    """

    def __init__(
        self,
        kind: type[C],
        gateway: Gateway,
        clock: Clock,
        settings: ServedSettings,
        routes: Callable[[Serving], Iterable[Entry]],
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
        stands_for: Callable[[str], str] = network,
        health: Callable[..., Health] = Health,
    ) -> None:
        self._asks = PendingReads(settings.answer_s, settings.reads_at_once)
        serving = Serving(gateway, self._asks, Claims(settings.secret))
        self.health = health(lambda: dict.fromkeys((*gateway.missing(), *lacks())), late)
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
            admission=Admission(limiter=limiter(settings.limit), stands_for=stands_for),
        )
        shown = page_routes({**self.health.pages(), **pages})
        super().__init__(kernel, kind, Router([*routes(serving), *shown], loose=loose))

    def drain(self) -> None:
        """Says that we are about to leave: no longer ready. What is under way goes on."""
        self.health.closing = True

    def close(self) -> None:
        self.drain()
        self._asks.close()


def front(
    given: ApiGiven,
    make: Callable[..., ServedApi[Any]],
    settings: ServedSettings,
    problem: Callable[[Response], Response],
    most_body: int,
    **more: Any,
) -> Front:
    """What a process puts on HTTP. `more`: fields of the front."""
    reach = given.reach
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
    return Front(
        handler=api,
        body_bytes=most_body + SLACK,
        problem=problem,
        drain=api.drain,
        close=api.close,
        missing=api.health.missing if reach.remote else list,
        **more,
    )
