"""Tells the proxy of a request what ASGI does not: the target as it was sent, and whether the client is still
there. What a connection may do is the business of `drivers.http`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, cast

import msgspec
from httptools import HttpParserCallbackError, HttpParserError
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from ..core.http import Request, Response
from ..drivers.http.asgi_connection import Connection
from ..drivers.http.limits import Limits
from ..drivers.http.refusals import CODING, MALFORMED, Refused

LIMITS = Limits(
    header_seconds=60.0,
    body_seconds=math.inf,  # the proxy looks after a body that stops
    keep_alive_seconds=75.0,
    drain_seconds=60.0,
    linger_seconds=30.0,
    body_bytes=sys.maxsize,
    header_bytes=32 * 1024,
    header_count=200,
    url_bytes=16 * 1024,
)
LINGER_BYTES = 64 * 1024 * 1024
"""The rest of a body that nobody wants is read and thrown away: closing over unread input would reset the
connection before the client has seen why."""
NOT_ALLOWED = Response(405, b"", (), b"application/problem+json")
_HOST = re.compile(rb"\s*(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?\s*")
PHRASES = {405: "Not Allowed", 408: "Request Time-out", 414: "Request-URI Too Large"}


def said(refusal: Response) -> Response:
    """What the server refuses by itself, in Kong's words."""
    phrase = PHRASES.get(refusal.status) or HTTPStatus(refusal.status).phrase
    body = msgspec.json.encode({"message": phrase})
    return Response(refusal.status, body, refusal.headers, b"application/json; charset=utf-8")


class Client:
    """Who waits for the answer to one request: what the application may ask and say beyond ASGI."""

    __slots__ = ("_cycle", "_protocol", "leaves")

    def __init__(self, protocol: EdgeProtocol, cycle: RequestResponseCycle) -> None:
        self._protocol, self._cycle = protocol, cycle
        self.leaves: Callable[[], object] | None = None
        """Called when the client goes away before it is answered."""

    @property
    def gone(self) -> bool:
        return self._cycle.disconnected

    def lost(self) -> None:
        if self.leaves is not None:
            self.leaves()

    def until_close(self) -> None:
        """The answer of unknown length ends with the connection: HTTP/1.0 has no chunks."""
        self._cycle.chunked_encoding, self._cycle.expected_content_length = False, sys.maxsize

    def cut(self) -> None:
        """Ends the connection in the middle of the answer, after what has been written."""
        self._cycle.disconnected = True
        self._protocol.transport.close()


class EdgeProtocol(Connection):
    SINGLE: ClassVar[frozenset[bytes]] = frozenset((b"host", b"content-length", b"transfer-encoding"))

    _running: Client | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._leave()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that ends its side has left: the upstream need not go on for it."""
        self._deaf = True
        return False

    def abandon(self) -> None:
        super().abandon()
        self._leave()

    def _leave(self) -> None:
        if self._running is not None:
            self._running.lost()

    def reason(self, error: HttpParserError) -> BaseException:
        return super().reason(error) if isinstance(error, HttpParserCallbackError) else Refused(MALFORMED)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() in (b"CONNECT", b"TRACE"):
            raise Refused(NOT_ALLOWED)
        if any(name == b"upgrade" and b"websocket" in value.lower() for name, value in self.headers):
            raise Refused(CODING)
        if self.url == b"*" or not all(
            _HOST.fullmatch(value) for name, value in self.headers if name == b"host"
        ):
            raise Refused(MALFORMED)
        super().on_headers_complete()

    def add_to_scope(self, scope: dict[str, Any], request: Request) -> None:
        scope["edge.host"] = request.headers.get(b"host", b"").decode("latin-1")
        scope["edge.target"], scope["edge.http10"] = self.target.decode("latin-1"), request.http10

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cast(dict[str, Any], cycle.scope)["edge"] = self._running = Client(self, cycle)
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.cycle.response_complete and self._body > LINGER_BYTES:
            self.transport.close()

    def on_response_complete(self) -> None:
        self._running = None
        super().on_response_complete()
