"""Accepts connections, and stops in order: accepts no more, finishes what is under way, then closes."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable

from ...core.http import Handler, Response
from .limits import Limits
from .protocol import Connection
from .shared import Shared
from .writing import Writer


class PortInUse(RuntimeError):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is taken by another program; stop it or choose another port")
        self.host = host
        self.port = port


class HttpServer:
    """`clock` (seconds since 1970) is used for the `date` header alone. `problem` turns what the server
    refuses by itself into an answer of the API. `writer` writes the answers, where it is another than ours.
    """

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.time,
        problem: Callable[[Response], Response] | None = None,
        writer: Writer | None = None,
    ) -> None:
        self._limits = limits
        self._writer = writer or Writer(clock, problem)
        self._shared = Shared(handler, limits, self._writer)
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.port = 0
        """The port, once started: the requested one, or the one that the system chose for port 0."""

    @property
    def connections(self) -> int:
        return len(self._shared.connections)

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        """`shared`: other processes listen there too, and the system gives each connection to one of them.
        Errors: PortInUse.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self._shared), host, port, backlog=1024, reuse_port=shared or None
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(host, port) from error
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        self._timer = loop.call_later(self._limits.tick_seconds, self._tick)

    def _tick(self) -> None:
        # first of all: a sweep that fails must not be the last one
        self._timer = asyncio.get_running_loop().call_later(self._limits.tick_seconds, self._tick)
        self._writer.refresh()
        shared = self._shared
        shared.now += self._limits.tick_seconds
        for connection in tuple(shared.connections):
            connection.check(shared.now)

    async def stop(self, grace: float) -> None:
        """Returns when no connection is left; after `grace` seconds it breaks those that still wait for an
        answer.
        """
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        shared = self._shared
        shared.draining = True
        for connection in tuple(shared.connections):
            connection.drain()
        if not await self._emptied(grace):
            for connection in tuple(shared.connections):
                connection.abort()
            await self._emptied(1.0)
        if self._timer is not None:
            self._timer.cancel()
        await server.wait_closed()

    async def _emptied(self, seconds: float) -> bool:
        shared = self._shared
        if not shared.connections:
            return True
        empty = asyncio.Event()
        shared.on_empty = empty.set
        try:
            async with asyncio.timeout(seconds):
                await empty.wait()
        except TimeoutError:
            return False
        return True
