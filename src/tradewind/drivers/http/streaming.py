"""An HTTP server that streams bodies both ways, for APIs that need it: uvicorn, with the limits and the rules
against request smuggling that it lacks (`streaming_connection`).

It takes the handlers of `server.HttpServer` and keeps the same limits; requests of one connection are handled
one after the other. A request costs more than there (decision 0034).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, cast

from ...core.http import BodyEnded, Handler, Request, Response, StreamedResponse, logger
from . import refusals
from .limits import Limits
from .reading import BODY
from .server import PortInUse
from .writing import BODILESS, Writer

try:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from .streaming_connection import Connection
except ImportError as missing:
    raise ImportError("an API that streams needs uvicorn: pip install 'tradewind[streaming]'") from missing

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

CLOSE, KEEP = (b"connection", b"close"), (b"connection", b"keep-alive")
GONE_S = 1.0


class StreamingServer:
    """As `server.HttpServer`. `streams` says of which requests the body is handed on while it comes: then the
    handler reads `Request.chunks`, which raises BodyEnded where it does not come to its end.
    """

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        *,
        streams: Callable[[Request], bool] = lambda request: False,
        clock: Callable[[], float] = time.time,
        problem: Callable[[Response], Response] | None = None,
    ) -> None:
        self.handler, self.limits, self.streams = handler, limits, streams
        self.writer = Writer(clock, problem)
        self.now, self.draining = 0.0, False
        self.on_empty: Callable[[], None] | None = None
        self.state = ServerState()
        self.config = Config(
            cast(Any, self._serve),
            http=Connection,
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

    async def start(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
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

    # -- one request

    async def _serve(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """The ASGI application."""
        connection, request = cast("dict[str, tuple[Connection, Request]]", scope)["exchange"]
        chunks = _chunks(receive)
        if self.streams(request):
            request.chunks = chunks
        else:
            try:
                request.body = await _whole(chunks)
            except BodyEnded:
                return
        await self._handle(connection, request)
        if request.answer is None or connection.lost:
            return
        try:
            answer, headers = self.writer.checked(request.answer)
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.exception("an answer with status %s cannot be sent", request.answer.status)
            answer, headers = self.writer.checked(refusals.INTERNAL)
        streamed = isinstance(answer, StreamedResponse)
        if not streamed and answer.status not in BODILESS:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        if request.chunks is not None and connection.phase == BODY:
            request.keep_alive = False  # the rest of a body that nobody has read is not the next request
        if connection.ends(request):
            headers.append(CLOSE)
        elif request.http10:
            headers.append(KEEP)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": headers, "trailers": False}
        )
        if not streamed or request.method == "HEAD":
            body = b"" if answer.status in BODILESS else answer.body
            await send({"type": "http.response.body", "body": body, "more_body": False})
        if isinstance(answer, StreamedResponse):
            await connection.stream(_send_all(answer.chunks, send, request.method != "HEAD"))

    async def _handle(self, connection: Connection, request: Request) -> None:
        """Returns once there is an answer, or nobody to take it."""
        answered = connection.answered
        answered.clear()
        request.listener = answered.set
        try:
            self.handler(request)
        except Exception:  # whatever a handler's bug is, this client gets an answer
            logger.exception("the handler of a %s request failed", request.method)
            if request.answer is None:
                request.answer = refusals.INTERNAL
        if request.answer is None:
            try:
                async with asyncio.timeout(self.limits.answer_seconds):
                    await answered.wait()
            except TimeoutError:
                request.keep_alive = False
                request.respond(refusals.NO_ANSWER)
                request.expired = True


async def _chunks(receive: ASGIReceiveCallable) -> AsyncGenerator[bytes, None]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise BodyEnded
        more = message["more_body"]
        if body := message["body"]:
            yield body


async def _whole(chunks: AsyncGenerator[bytes, None]) -> bytes:
    pieces = [piece async for piece in chunks]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _send_all(chunks: AsyncGenerator[bytes, None], send: ASGISendCallable, wanted: bool) -> None:
    async with contextlib.aclosing(chunks):
        if not wanted:
            return
        async for chunk in chunks:
            if chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
