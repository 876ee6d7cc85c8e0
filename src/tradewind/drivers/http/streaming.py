"""An HTTP server that streams bodies both ways, for APIs that need it: uvicorn behind the port of our own
server.

It takes the handlers of `server.HttpServer` and keeps the same limits; requests of one connection are handled
one after the other. A request costs more than there (decision 0034).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, cast

from ...core.http import BodyEnded, Handler, Request, Response, StreamedResponse, logger
from . import refusals
from .asgi_connection import Connection
from .asgi_server import AsgiServer
from .limits import Limits
from .reading import BODY
from .writing import BODILESS

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

CLOSE, KEEP = (b"connection", b"close"), (b"connection", b"keep-alive")


class StreamingServer(AsgiServer):
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
        super().__init__(self._serve, limits, clock=clock, problem=problem)
        self.handler, self.streams = handler, streams

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
