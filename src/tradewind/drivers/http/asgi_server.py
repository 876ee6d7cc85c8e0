"""Runs an ASGI application on uvicorn's protocol in the event loop of a process, with the limits of our own
HTTP server, and stops in order: accepts no more, finishes what is under way, then closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ...core.http import Response
from .asgi_connection import Config, Connection, ServerState
from .limits import Limits
from .server import PortInUse
from .writing import Writer

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

GONE_S = 1.0


class AsgiServer:
    """`problem` turns what the server refuses by itself into an answer of the API. `connection` may know more
    of a request than its scope holds (`Connection.add_to_scope`).
    """

    def __init__(
        self,
        app: ASGI3Application,
        limits: Limits,
        *,
        connection: type[Connection] = Connection,
        clock: Callable[[], float] = time.time,
        problem: Callable[[Response], Response] | None = None,
    ) -> None:
        self.limits, self._connection = limits, connection
        self.writer = Writer(clock, problem)
        self.now, self.draining = 0.0, False
        self.on_empty: Callable[[], None] | None = None
        self.state = ServerState()
        self.config = Config(
            app,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=max(1, round(limits.keep_alive_seconds)),
        )
        self.config.load()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.port = 0

    @property
    def connections(self) -> int:
        return len(self.state.connections)

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: self._connection(self), host, port, backlog=1024, reuse_port=shared or None
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(host, port) from error
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self._timer = loop.call_later(self.limits.tick_seconds, self._tick)

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.limits.tick_seconds, self._tick)
        self.writer.refresh()
        self.now += self.limits.tick_seconds
        for connection in self._open():
            connection.check(self.now)

    def _open(self) -> list[Connection]:
        return cast("list[Connection]", list(self.state.connections))

    async def stop(self, grace: float) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.draining = True
        for connection in self._open():
            connection.shutdown()
        if not await self._emptied(grace):
            for connection in self._open():
                connection.transport.abort()
            await self._emptied(GONE_S)
        if self.state.tasks:
            await asyncio.wait(self.state.tasks, timeout=GONE_S)
        if self._timer is not None:
            self._timer.cancel()
        await server.wait_closed()

    async def _emptied(self, seconds: float) -> bool:
        if not self.state.connections:
            return True
        empty = asyncio.Event()
        self.on_empty = empty.set
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await empty.wait()
        return not self.state.connections
