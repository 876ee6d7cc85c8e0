"""Completes uvicorn's HTTP protocol with what a proxy in front of others must have: whatever two servers
could read in two ways is refused, trailers change no request, every wait and size has a bound.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from typing import Any, cast

import httptools
import msgspec
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

TARGET_BYTES, HEAD_BYTES, HEADERS = 16 * 1024, 32 * 1024, 200
HEAD_S = 60.0
"""A whole head, from its first byte; also a connection without a request."""
LINGER_S, LINGER_BYTES = 30.0, 64 * 1024 * 1024
"""The rest of a body that nobody wants is read and thrown away: closing over unread input would reset the
connection before the client has seen why."""
CLOSING_S = 2.0
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?]*)(.*)", re.DOTALL)
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_LENGTH = re.compile(rb"[0-9]{1,18}")
PHRASES = {
    400: "Bad Request",
    405: "Not Allowed",
    408: "Request Time-out",
    414: "Request-URI Too Large",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    505: "HTTP Version Not Supported",
}


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


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
        self._cycle.disconnected = True
        self._cycle.message_event.set()
        if self.leaves is not None:
            self.leaves()

    def until_close(self) -> None:
        """The answer of unknown length ends with the connection: HTTP/1.0 has no chunks."""
        self._cycle.chunked_encoding, self._cycle.expected_content_length = False, sys.maxsize

    def cut(self) -> None:
        """Ends the connection in the middle of the answer, after what has been written."""
        self._cycle.disconnected = True
        self._protocol.transport.close()


class EdgeProtocol(HttpToolsProtocol):
    def __init__(self, config: Config, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {}, loop)
        self._part = ""  # head or body of a request that is coming in
        self._since = loop.time()
        self._head_bytes, self._head_count, self._discarded = 0, 0, 0
        self._last_words = b""
        self._refused, self._asked = False, False
        self._running: Client | None = None

    # --- asyncio.Protocol

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._running is not None:
            self._running.lost()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._refused:
            return
        if not self._part:
            self._since = self.loop.time()
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:  # not granted: what follows is HTTP as before
                    data = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
            return
        if self._part == "head":
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES + TARGET_BYTES:
                self._refuse(431)

    # --- the parser

    def on_message_begin(self) -> None:
        self._asked = True
        self._part, self._head_bytes, self._head_count, self._discarded = "head", 0, 0, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > TARGET_BYTES:
            raise Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_count += 1
        if self._head_count > HEADERS:
            raise Refused(431)
        if self._part == "head":  # a trailer is dropped
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._part = "body"
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(505)
        if self.parser.get_method() in (b"CONNECT", b"TRACE"):
            raise Refused(405)
        if sum([len(name) + len(value) for name, value in self.headers]) > HEAD_BYTES:
            raise Refused(431)
        hosts = _checked(self.headers, version)
        host, self.url = _target(self.url, hosts[0] if hosts else b"")
        scope = cast(dict[str, Any], self.scope)
        scope["edge.host"] = host.decode("latin-1")
        scope["edge.target"], scope["edge.http10"] = self.url.decode("latin-1"), version == "1.0"
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cast(dict[str, Any], cycle.scope)
        scope["edge"] = self._running = Client(self, cycle)
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > LINGER_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = ""
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since, self._running = self.loop.time(), None
        super().on_response_complete()
        if self._last_words and not self.pipeline and self.cycle.response_complete:
            self._say_last_words()

    # --- refusals and bounds

    def _refuse(self, status: int) -> None:
        """Answers what never became a request, after those before it, and closes."""
        self._refused = True
        phrase = PHRASES[status]
        body = msgspec.json.encode({"message": phrase})
        self._last_words = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        ).encode() + body
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy and self._part == "body" and not self.pipeline:
            # the body of the running request is broken: it must not reach the upstream as a whole one
            if self._running is not None:
                self._running.lost()
            busy = self.cycle.response_started
            if busy:
                self.transport.close()
        if not busy and not self.transport.is_closing():
            self._say_last_words()

    def _say_last_words(self) -> None:
        words, self._last_words, self._refused = self._last_words, b"", True
        self.transport.write(words)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(CLOSING_S, self.transport.close)

    def look(self, now: float) -> None:
        """Called every second."""
        waited = now - self._since
        if self._refused or self.transport.is_closing():
            return
        if self._part == "head":
            if waited > HEAD_S:
                self._refuse(408)
        elif not self._part:
            if waited > HEAD_S and not self._asked:
                self.transport.close()
        elif self.cycle.response_complete and waited > LINGER_S:
            self.transport.close()


def _checked(headers: list[tuple[bytes, bytes]], version: str) -> list[bytes]:
    """The values of Host. Errors: Refused, for a message that could be read in two ways."""
    hosts, lengths, codings, upgrades = [], [], [], []
    for name, value in headers:
        if name == b"host":
            hosts.append(value.strip())
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            codings.append(value.strip().lower())
        elif name == b"upgrade":
            upgrades.append(value.lower())
    if len(hosts) > 1 or (not hosts and version == "1.1") or not all(map(_HOST.fullmatch, hosts)):
        raise Refused(400)
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise Refused(400)
    if codings:
        if lengths or version == "1.0":
            raise Refused(400)
        if codings != [b"chunked"]:
            raise Refused(501)
    if any(b"websocket" in value for value in upgrades):
        raise Refused(501)
    return hosts


def _target(url: bytes, host: bytes) -> tuple[bytes, bytes]:
    """The host that is asked, and the target as a path with its query. Errors: Refused."""
    if b"#" in url:
        raise Refused(400)
    if url.startswith(b"/"):
        return host, url
    found = _ABSOLUTE.fullmatch(url)
    if found is None or not found[1] or not _HOST.fullmatch(found[1]):
        raise Refused(400)
    rest = found[2]
    return found[1], rest if rest.startswith(b"/") else b"/" + rest
