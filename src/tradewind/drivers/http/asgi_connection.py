"""Keeps one connection of uvicorn in time and in bounds: by itself it sets no deadline for a slow client and
no limit for a head, and takes what two servers in a row could read in two ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from ...core.extras import MissingExtra
from ...core.http import Request, Response, logger
from . import heads, refusals
from .pipeline import NEVER
from .protocol import SPARE
from .reading import BODY, HEAD, IDLE
from .refusals import Refused

try:
    from uvicorn import Config
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState
except ImportError as missing:
    raise MissingExtra("an API that streams needs uvicorn", "streaming") from missing

if TYPE_CHECKING:
    from .asgi_server import AsgiServer


__all__ = ["Config", "Connection", "ServerState"]


class Connection(HttpToolsProtocol):
    """uvicorn's own, with deadlines by the server's sweep, bounds, and refusals that wait for their turn."""

    SINGLE: ClassVar[frozenset[bytes]] = heads.SINGLE
    """Headers that may be given once."""

    def __init__(self, server: AsgiServer) -> None:
        super().__init__(server.config, server.state, {})
        self._server, self._limits = server, server.limits
        self._read_by, self._drain_by = server.now + server.limits.header_seconds, NEVER
        self._first, self._keeps = True, True
        self._deaf = self._half_closed = self._upgrading = False
        self._bulk = self._lines = self._body = 0
        self._refusal: Response | None = None
        self._sending: asyncio.Task[None] | None = None
        self.answered = asyncio.Event()
        self.lost = False
        self.phase, self.target = IDLE, b""

    # -- called by the event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        excess = len(self.connections) - self._limits.connections
        super().connection_made(transport)
        if excess >= SPARE:
            self._deaf = True
            transport.abort()
        elif excess >= 0 or self._server.draining:
            self._refuse(refusals.BUSY)

    def data_received(self, data: bytes) -> None:
        step = self._limits.header_bytes  # so that no more than one step is read past a limit
        for start in range(0, len(data), step):
            if self._deaf:
                return
            try:
                self._feed(data[start : start + step])
            except Refused as refused:
                self._refuse(refused.answer)

    def _feed(self, data: bytes) -> None:
        self._bulk += len(data)
        head = b""
        rest: bytes | memoryview = data
        while True:
            try:
                if head:
                    self.parser.feed_data(head)
                self.parser.feed_data(rest)
                break
            except HttpParserUpgrade as upgrade:
                if not self._upgrading:
                    return
                head = heads.without_upgrade(self.parser, self.url, self.headers)
                rest, self._upgrading = memoryview(rest)[upgrade.args[0] :], False
                self.parser = HttpRequestParser(self)
            except HttpParserError as error:
                if self._deaf:
                    return
                raise self.reason(error) from None
        if self.phase == HEAD and self._bulk > 2 * (self._limits.header_bytes + self._limits.url_bytes):
            raise Refused(refusals.HEADERS_TOO_LARGE)
        if self.phase == BODY and self._bulk > 8 * self._body + 65_536 + self._limits.header_bytes:
            raise Refused(refusals.BODY_TOO_LARGE)  # extensions of chunks, trailers

    def reason(self, error: HttpParserError) -> BaseException:
        """Why the parser gave up."""
        return heads.reason(self.parser, error)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client may end its side and still read: what it has asked completely is answered. A stream ends:
        whether anybody reads would show with its next chunk alone.
        """
        self._deaf = self._half_closed = True
        if self._sending is not None:
            return False
        return self._refusal is not None or (self._busy and self.phase == IDLE)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._drain_by = self._server.now + self._limits.drain_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._drain_by = NEVER

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self._deaf = True
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.answered.set()
        if self._sending is not None:
            self._sending.cancel()
        if not self.connections and self._server.on_empty is not None:
            self._server.on_empty()

    # -- called by the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._first:  # the first head counts from the connect, not from its first byte
            self._read_by = self._server.now + self._limits.header_seconds
        self._first = False
        self._bulk = self._lines = self._body = 0
        self.phase = HEAD

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.url_bytes:
            raise Refused(refusals.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        if self._lines > self._limits.header_count:
            raise Refused(refusals.HEADERS_TOO_LARGE)
        if self.phase == HEAD:  # a trailer is no header
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        limits, parser = self._limits, self.parser
        if sum(len(name) + len(value) for name, value in self.headers) > limits.header_bytes:
            raise Refused(refusals.HEADERS_TOO_LARGE)
        version = parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(refusals.VERSION)
        headers = heads.gather(self.headers, self.SINGLE)
        method = parser.get_method().decode("ascii")
        if method != "CONNECT" and parser.should_upgrade():
            self._upgrading = True
            return
        url = self.url
        if not url.startswith(b"/"):
            url, self.url = heads.origin_form(method, url, headers), b"/"
        self.target = url
        path, query = heads.split_target(url)
        http10 = version == "1.0"
        if b"host" in headers:
            heads.check_host(headers[b"host"])
        elif not http10:
            raise Refused(refusals.NO_HOST)
        if int(headers.get(b"content-length") or 0) > limits.body_bytes:
            raise Refused(refusals.BODY_TOO_LARGE)
        if b"transfer-encoding" in headers:
            heads.check_coding(headers[b"transfer-encoding"], http10)
        if b"expect" in headers and not http10:
            heads.check_expectation(headers[b"expect"])
        keeps = parser.should_keep_alive() and method != "CONNECT"
        client = self.client[0] if self.client else ""
        request = Request(method, path, query, headers, b"", client, keeps, http10)
        super().on_headers_complete()
        self.cycle.keep_alive = keeps
        self.add_to_scope(cast(dict[str, Any], self.scope), request)
        self.phase, self._keeps = BODY, keeps
        self._read_by = self._server.now + limits.body_seconds

    def add_to_scope(self, scope: dict[str, Any], request: Request) -> None:
        """What the application is told of a request beside ASGI's own; its body is yet to come."""
        scope["exchange"] = (self, request)

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        if self._body > self._limits.body_bytes:
            raise Refused(refusals.BODY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        super().on_message_complete()
        self.phase, self._read_by = IDLE, NEVER
        self._deaf = self._deaf or not self._keeps

    # -- called by a request of uvicorn, and by the server

    @property
    def _busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self.cycle is not None and not self.cycle.response_complete

    def ends(self, request: Request) -> bool:
        """Whether the answer to this request is the last one."""
        if not request.keep_alive:
            return True
        waiting = self.pipeline or self.phase != IDLE or self._refusal is not None
        return (self._server.draining or self._half_closed) and not waiting

    async def stream(self, sending: Coroutine[Any, Any, None]) -> None:
        """Until all is sent or the client has gone."""
        self._sending = task = asyncio.create_task(sending)
        await asyncio.wait((task,))
        self._sending = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("an answer broke off", exc_info=error)
            self.transport.abort()

    def on_response_complete(self) -> None:
        last = not self.pipeline
        super().on_response_complete()
        if not last:
            return
        if self._refusal is not None:
            self._say(self._refusal)
        elif self.phase == BODY:  # the rest of the body is read and thrown away, for a while
            self._read_by = min(self._read_by, self._server.now + self._limits.linger_seconds)
        elif self.phase == IDLE:
            self._read_by = self._server.now + self._limits.keep_alive_seconds
            if self._deaf and not self.transport.is_closing():
                self.transport.close()

    def shutdown(self) -> None:
        """Ends the connection now if nothing is under way, else with its last answer."""
        if self._busy or self.phase == IDLE:
            super().shutdown()

    def check(self, now: float) -> None:
        """Ends what is overdue."""
        if now >= self._drain_by:
            self.transport.abort()
        elif self.transport.is_closing():
            if self._drain_by == NEVER:  # what is left to send has its time too
                self._drain_by = now + self._limits.drain_seconds
        elif self.flow.read_paused:
            self._read_by = now + self._limits.body_seconds  # the handler is slow, not the client
        elif now >= self._read_by:
            self._give_up_reading()

    def _give_up_reading(self) -> None:
        self._read_by = NEVER
        if self._refusal is not None:  # it has lingered
            self.transport.abort()
        elif self.phase != IDLE:
            self._refuse(refusals.TIMEOUT)
        elif not self._busy:
            self.transport.close()

    def _refuse(self, answer: Response) -> None:
        """Answers with it once all before it are answered, and takes nothing more."""
        self._deaf, self._refusal = True, answer
        self._read_by = NEVER
        waiting = self._busy
        if self.phase == BODY:  # the request that is refused has been handed on already
            if self.pipeline:
                self.pipeline.popleft()
            elif self.cycle.response_started:
                self.transport.abort()
                return
            else:
                self.abandon()
                waiting = False
        if not waiting:
            self._say(answer)

    def abandon(self) -> None:
        """The request under way has no client any more."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self.answered.set()

    def _say(self, answer: Response) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(self._server.writer.encode(Request("", "", keep_alive=False), answer, True))
        self._read_by = self._server.now + self._limits.linger_seconds
        try:
            self.transport.write_eof()
        except OSError:
            self.transport.abort()
