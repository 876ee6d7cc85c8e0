"""Starts the edge on a port and stops it in order: accepts no more, finishes what is under way, closes what
is idle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from ..core.clock import Clock
from ..drivers.http.asgi_server import AsgiServer
from ..observability.tracing import Tracer
from .declared import Declared
from .plugins.base import Around
from .protocol import LIMITS, EdgeProtocol, said
from .proxy import Log, Observe, Proxy
from .upstream import Pool


class EdgeServer(AsgiServer):
    """`observe` and `log` are called once for each request."""

    def __init__(
        self,
        declared: Declared,
        clock: Clock,
        *,
        observe: Observe = lambda route, status, seconds: None,
        log: Log | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        around = Around(declared, lambda: clock.now() / 1000, clock.uuid)
        self._proxy = Proxy(declared, around, _request_ids(clock), observe, log, tracer)
        super().__init__(self._proxy, LIMITS, connection=EdgeProtocol, problem=said)

    def status(self) -> bytes:
        """The page /status."""
        server = {"connections_active": self.connections, "total_requests": self._proxy.requests}
        return msgspec.json.encode({"server": server, "database": {"reachable": True}})

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        """Errors: PortInUse."""
        self._proxy.pool = Pool(asyncio.get_running_loop())
        await super().start(host, port, shared=shared)

    async def stop(self, grace: float) -> None:
        """Returns when no connection is left; after `grace` seconds it breaks those that still wait."""
        await super().stop(grace)
        if self._proxy.pool is not None:
            self._proxy.pool.close()


def _request_ids(clock: Clock) -> Callable[[], str]:
    """32 hexadecimal digits each."""
    return lambda: clock.uuid().replace("-", "")
