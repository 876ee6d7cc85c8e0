"""The least HTTP that a load generator accepts: one protocol object per connection, no framework, no task per
request.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import cast

import httptools
import uvloop

HEADS = {
    status: f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
    for status in ("200 OK", "201 Created", "404 Not Found", "422 Unprocessable Content")
}


class Request(asyncio.Protocol):
    """Calls `handle(self)` for each whole request; the handler answers now or later with `reply`."""

    def __init__(self, handle: Callable[[Request], None]) -> None:
        self.handle = handle
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.path = b""
        self.body = b""
        self.key = ""
        self.caller = ""

    def on_url(self, url: bytes) -> None:
        self.path = url

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"idempotency-key":
            self.key = value.decode()
        elif lower == b"authorization":
            self.caller = value[-36:].decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.handle(self)

    def reply(self, body: bytes, status: str = "200 OK") -> None:
        if not self.transport.is_closing():
            self.transport.write(b"%b%d\r\n\r\n%b" % (HEADS[status], len(body), body))


def serve(handle: Callable[[Request], None], port: int) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Request(handle), "127.0.0.1", port)
        await server.serve_forever()

    try:
        uvloop.run(forever())
    except KeyboardInterrupt:
        sys.exit(0)
