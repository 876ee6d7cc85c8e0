"""Starts the edge on a port and stops it in order: accepts no more, finishes what is under way, closes what
is idle.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import msgspec

from ..core.clock import Clock
from ..drivers.http.server import PortInUse
from .declared import Declared
from .plugins.base import Around
from .proxy import Log, Observe, Proxy
from .upstream import Pool

KEEP_ALIVE_S = 75


class EdgeServer:
    """`observe` and `log` are called once for each request."""

    def __init__(
        self,
        declared: Declared,
        clock: Clock,
        *,
        observe: Observe = lambda route, status, seconds: None,
        log: Log | None = None,
    ) -> None:
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        around = Around(declared, lambda: clock.now() / 1000, clock.uuid)
        self._proxy = Proxy(declared, around, _request_ids(clock), observe, log)
        self._config = Config(
            self._proxy,
            loop="none",
            http="httptools",
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self.port = 0

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    def status(self) -> bytes:
        """The page /status."""
        server = {"connections_active": self.connections, "total_requests": self._proxy.requests}
        return msgspec.json.encode({"server": server, "database": {"reachable": True}})

    async def start(self, host: str, port: int) -> None:
        """Errors: PortInUse."""
        from .protocol import EdgeProtocol

        loop = asyncio.get_running_loop()
        self._proxy.pool = Pool(loop)
        try:
            self._server = await loop.create_server(
                lambda: EdgeProtocol(self._config, self._state, loop), host, port, backlog=1024
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(host, port) from error
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self._ticking = loop.call_later(1.0, self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(1.0, self._tick)
        for connection in list(self._state.connections):
            _as_any(connection).look(loop.time())

    async def stop(self, grace: float) -> None:
        """Returns when no connection is left; after `grace` seconds it breaks those that still wait."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        ends = loop.time() + grace
        while self._state.connections and loop.time() < ends:  # noqa: ASYNC110  once in a life
            await asyncio.sleep(0.02)
        for connection in list(self._state.connections):
            _as_any(connection).transport.abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=1.0)
        if self._ticking is not None:
            self._ticking.cancel()
        if self._proxy.pool is not None:
            self._proxy.pool.close()


def _request_ids(clock: Clock) -> Callable[[], str]:
    """32 hexadecimal digits each."""
    return lambda: clock.uuid().replace("-", "")


def _as_any(value: Any) -> Any:
    return value
