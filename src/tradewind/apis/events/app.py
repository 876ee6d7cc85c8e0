"""Puts the gateway of the published system together: operations, pages, who may call, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ...core.clock import Clock
from ...core.rate_limiter import RateLimiter
from ...observability.tracing import Tracer
from ..kernel.admission import Admission
from ..kernel.client_address import TrustedProxies
from ..kernel.cors import Cors
from ..kernel.health import Health
from ..kernel.passwords import Passwords
from ..kernel.pending_reads import PendingReads
from ..kernel.request_context import Api, Kernel, Log, Observe, Page, ignore, page_routes
from ..kernel.resilience.guarded import levels
from ..kernel.resilience.http_service import HttpService
from ..kernel.router import Router
from ..nest.http import NestContext
from .figures import Figures
from .gateway import Gateway
from .tokens import Tokens

CORS = Cors("*", methods=b"GET,HEAD,PUT,PATCH,POST,DELETE", every_options=True)


class EventsApi(Api[NestContext]):
    """A `Handler` of the HTTP server. What is observed and logged, see `Kernel`."""

    def __init__(
        self,
        services: Mapping[str, HttpService],
        clock: Clock,
        tokens: Tokens,
        passwords: Passwords,
        *,
        asked: bool,
        health: Health,
        figures: Figures,
        pages: Mapping[str, Page],
        limiter: RateLimiter,
        answer_s: float = 30.0,
        observe: Observe = ignore,
        observe_call: Callable[[str, str, str, float], None] = ignore,
        log: Log = ignore,
        tracer: Tracer | None = None,
        proxies: tuple[str, ...] = (),
        tick: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._asks = PendingReads(answer_s, at_once=False)
        self._services, self._passwords, self.health = services, passwords, health
        kernel = Kernel(
            lambda: clock.uuid().encode(),
            observe=observe,
            log=log,
            tick=tick,
            now=clock.now,
            patience_ms=round(answer_s * 1_000),
            tracer=tracer,
            cors=CORS,
            proxies=TrustedProxies(proxies) if proxies else None,
            admission=Admission(tokens if asked else None, limiter),
        )
        made = figures.watched(
            Gateway(services, tokens, passwords, self._asks, asked, observe_call, tick).routes()
        )
        shown = page_routes({**health.pages(), **pages})
        super().__init__(kernel, NestContext, Router([*made, *shown], loose=True))

    @property
    def levels(self) -> dict[str, Callable[[], dict[str, float]]]:
        return levels({name: service.guarded for name, service in self._services.items()})

    def drain(self) -> None:
        """Says that we are about to leave: no longer ready. What is under way goes on."""
        self.health.closing = True

    def close(self) -> None:
        self._asks.close()
        self._passwords.close()
        for service in self._services.values():
            service.close()
