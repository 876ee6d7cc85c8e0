"""A cheap HTTP client, because thousands of requests a second from a general one would measure the client.

Keep-alive connections, one request at a time each, as many as are needed up to a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httptools
import msgspec


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body, type=dict[str, object])


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reply: asyncio.Future[Reply] | None = None
        self.open = False
        self._start()

    def _start(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail(exc or ConnectionResetError("the server closed the connection"))

    def _fail(self, error: Exception) -> None:
        if self.reply and not self.reply.done():
            self.reply.set_exception(error)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(str(error)))
            self.close()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        status, keep = self.parser.get_status_code(), self.parser.should_keep_alive()
        reply, body = self.reply, self.body
        self._start()
        if not keep:
            self.close()
        if reply and not reply.done():
            reply.set_result(Reply(status, body))

    def send(self, data: bytes) -> asyncio.Future[Reply]:
        assert self.transport is not None
        self.reply = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return self.reply

    def close(self) -> None:
        self.open = False
        if self.transport:
            self.transport.close()


class Client:
    """`async with Client(port) as client: reply = await client.request("GET", "/health/live")`"""

    def __init__(self, port: int, *, limit: int = 2000, deadline: float = 40) -> None:
        self.port = port
        self.deadline = deadline
        self.idle: list[_Connection] = []
        self.slots = asyncio.Semaphore(limit)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self.idle:
            connection.close()

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return await self.send("\r\n".join([*lines, "", ""]).encode() + body)

    async def send(self, data: bytes) -> Reply:
        async with self.slots, asyncio.timeout(self.deadline):
            while True:
                used = bool(self.idle)
                connection = self.idle.pop() if used else await self._connect()
                if not connection.open:
                    continue
                try:
                    reply = await connection.send(data)
                except (ConnectionError, OSError):
                    if used:  # closed by the server while idle: every request here is safe to send again
                        continue
                    raise
                except BaseException:
                    connection.close()
                    raise
                if connection.open:
                    self.idle.append(connection)
                return reply

    async def _connect(self) -> _Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, "127.0.0.1", self.port
        )
        return connection
