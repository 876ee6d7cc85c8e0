"""Makes requests of bytes, within bounds: whatever a client sends, what is kept of it stays below the limits.

The grammar is llhttp's in its strict mode; the rules that it leaves to its caller are in `heads`.
"""

from __future__ import annotations

from collections import deque
from itertools import chain

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from ...core.http import Request
from . import heads, refusals
from .limits import Limits
from .refusals import Refused

IDLE, HEAD, BODY = 0, 1, 2
SLASH = 0x2F
METHODS = {
    method.encode(): method
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
}


class Reader:
    __slots__ = (
        "_body",
        "_bulk",
        "_first",
        "_headers",
        "_http10",
        "_keep_alive",
        "_known_host",
        "_known_url",
        "_limits",
        "_long_body",
        "_method",
        "_parser",
        "_path",
        "_piece",
        "_query",
        "_raw",
        "_upgrading",
        "_url",
        "client",
        "continue_due",
        "finished",
        "phase",
        "ready",
        "stage",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parser = HttpRequestParser(self)
        self._upgrading = False
        self._url = self._body = b""
        self._raw: list[tuple[bytes, bytes]] = []
        self._long_body: bytearray | None = None
        self._piece = 0  # bytes of the piece that is being read
        self._first = 0  # bytes of the piece in which this request began
        self._bulk = 0  # bytes that have come since
        self._known_url = self._known_host = b""  # those of the request before, most often the same again
        self.client = ""
        self.ready: deque[Request] = deque()
        self.phase = IDLE
        self.stage = 0  # grows with every change of phase: a deadline is renewed by progress, not by a byte
        self.finished = False  # the client has said that no other request follows
        self.continue_due = False

    def feed(self, data: bytes) -> None:
        """Adds whole requests to `ready`; raises Refused, once, after those that came before."""
        step = self._limits.header_bytes
        if len(data) > step:  # in steps, so that no more than one of them is read past a limit
            for start in range(0, len(data), step):
                self.feed(data[start : start + step])
            return
        self._piece = len(data)
        self._bulk += self._piece
        head = b""
        rest: bytes | memoryview = data
        while True:
            try:
                if head:
                    self._parser.feed_data(head)
                self._parser.feed_data(rest)
                break
            except HttpParserUpgrade as upgrade:
                if self.finished:
                    return
                head = heads.without_upgrade(self._parser, self._url, self._raw)
                rest = memoryview(rest)[upgrade.args[0] :]
                self._parser = HttpRequestParser(self)
            except HttpParserError as error:
                if self.finished:
                    return
                raise heads.reason(self._parser, error) from None
        # what is kept or skipped without a callback that could refuse it: half a header, padding, chunk
        # extensions, trailers
        if len(self._raw) > self._limits.header_count:
            raise Refused(refusals.HEADERS_TOO_LARGE)
        if self.phase == HEAD and self._bulk > 2 * (self._limits.header_bytes + self._limits.url_bytes):
            raise Refused(refusals.HEADERS_TOO_LARGE)
        if self.phase == BODY and self._bulk > 8 * self._limits.body_bytes + 65_536:
            raise Refused(refusals.BODY_TOO_LARGE)

    def close(self) -> None:
        """Lets go of the parser, which holds this reader: no cycle is left for the garbage collector."""
        del self._parser

    # -- called by the parser
    # -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._url = self._body = b""
        self._raw = []
        self._long_body = None
        self._first = self._piece
        self._bulk = 0
        self.phase = HEAD
        self.stage += 1

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > self._limits.url_bytes:
            raise Refused(refusals.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        parser, raw, limits = self._parser, self._raw, self._limits
        if len(raw) > limits.header_count:
            raise Refused(refusals.HEADERS_TOO_LARGE)
        # the first test is the cheap one: so few bytes cannot hold a large head
        if (
            self._first + self._bulk > limits.header_bytes
            and sum(map(len, chain.from_iterable(raw))) > limits.header_bytes
        ):
            raise Refused(refusals.HEADERS_TOO_LARGE)
        self._headers = headers = heads.gather(raw)
        method = parser.get_method()
        self._method = METHODS.get(method) or method.decode("ascii")
        self._keep_alive = parser.should_keep_alive()
        self._http10 = False
        # neither of the first two: 1.1 for certain, since the other versions are closed unless they ask not
        # to be
        if not self._keep_alive or b"connection" in headers or self._method == "CONNECT":
            self._look_at_connection()
            if self._upgrading:
                return
        self._aim()
        if (length := headers.get(b"content-length")) and int(length) > limits.body_bytes:
            raise Refused(refusals.BODY_TOO_LARGE)
        if b"transfer-encoding" in headers:
            heads.check_coding(headers[b"transfer-encoding"], self._http10)
        if b"expect" in headers and not self._http10:
            heads.check_expectation(headers[b"expect"])
            self.continue_due = True
        self.phase = BODY
        self.stage += 1

    def _look_at_connection(self) -> None:
        version = self._parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(refusals.VERSION)
        self._http10 = version == "1.0"
        if self._method == "CONNECT":
            self._keep_alive = False
        else:
            self._upgrading = self._parser.should_upgrade()

    def _aim(self) -> None:
        url, headers = self._url, self._headers
        if url != self._known_url:
            if url[0] == SLASH:
                self._known_url = url
            else:
                self._known_url = b""
                url = heads.origin_form(self._method, url, headers)
            self._path, self._query = heads.split_target(url)
        host = headers.get(b"host")
        if host is None:
            if not self._http10:
                raise Refused(refusals.NO_HOST)
        elif host != self._known_host:
            heads.check_host(host)
            self._known_host = host

    def on_body(self, data: bytes) -> None:
        if not self._body:
            self._body = data
        elif self._long_body is None:
            self._long_body = bytearray(self._body + data)
        else:
            self._long_body += data
        if len(self._long_body or data) > self._limits.body_bytes:
            raise Refused(refusals.BODY_TOO_LARGE)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        body = self._body if self._long_body is None else bytes(self._long_body)
        self.ready.append(
            Request(
                self._method,
                self._path,
                self._query,
                self._headers,
                body,
                self.client,
                self._keep_alive,
                self._http10,
            )
        )
        self.phase = IDLE
        self.stage += 1
        self.continue_due = False
        self.finished = not self._keep_alive
