"""Tells load balancers, operators and the published smoke test how the gateway and its circuits are; without
an envelope, as published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from ...core.request_queue import Outcome, RequestQueueClient
from ..kernel.resilience.guarded import Guarded
from .request_context import RequestContext
from .routes import Route

OK = b'{"status":"ok"}'
ALIVE = b'{"status":"alive"}'
READY = b'{"status":"ready"}'
_encode = msgspec.json.Encoder().encode


class Health:
    def __init__(
        self,
        client: RequestQueueClient,
        services: Mapping[str, Guarded[Outcome]],
        lacks: Callable[[], list[str]],
    ) -> None:
        self._client, self._services, self._lacks = client, services, lacks
        self.closing = False

    def routes(self) -> Iterator[Route]:
        yield Route("health", "GET", "/health", lambda exchange: exchange.answer(200, OK))
        yield Route("health.circuits", "GET", "/health/circuits", self.circuits)
        yield Route("health.live", "GET", "/health/live", lambda exchange: exchange.answer(200, ALIVE))
        yield Route("health.ready", "GET", "/health/ready", self.ready)

    def circuits(self, exchange: RequestContext) -> None:
        shown = {
            name: {"state": service.state.value, "stats": service.stats()}
            for name, service in self._services.items()
        }
        exchange.answer(200, _encode(shown))

    def ready(self, exchange: RequestContext) -> None:
        missing = ["shutting down"] if self.closing else self.missing()
        if missing:
            exchange.answer(503, _encode({"status": "not ready", "missing": missing}))
        else:
            exchange.answer(200, READY)

    def missing(self) -> list[str]:
        client = self._client
        broker = [] if client.up else [f"broker: {client.missing or 'not connected'}"]
        return broker + self._lacks()
