"""Small upstreams and a raw client for the tests of the edge: they see and send bytes, not what a library makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

WAIT_S = 10.0


class Seen(NamedTuple):
    """A request as an upstream got it; header names are in small letters."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


Script = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection of the edge to an upstream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader, self.writer, self.number = reader, writer, number

    async def head(self) -> Seen | None:
        """The head of the next request, None at the end."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        return Seen(
            method, target, [(name.lower(), value.strip()) for name, value in pairs], b"", self.number
        )

    async def request(self) -> Seen | None:
        seen = await self.head()
        if seen is None:
            return None
        if seen.header("transfer-encoding") == "chunked":
            body = b""
            while size := int((await self.reader.readuntil(b"\r\n"))[:-2], 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readuntil(b"\r\n")
        else:
            body = await self.reader.readexactly(int(seen.header("content-length") or 0))
        return seen._replace(body=body)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


class Upstream:
    """Answers every request with `answer`, or does what `script` does with a connection."""

    def __init__(self, script: Script | None = None) -> None:
        self.seen: list[Seen] = []
        self.visits = 0
        self.answer: Callable[[Seen], bytes] = lambda seen: ok(seen.target.encode())
        self._script = script or self._answering
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> Upstream:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.visits += 1
        try:
            await self._script(Visit(reader, writer, self.visits))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _answering(self, visit: Visit) -> None:
        while (seen := await visit.request()) is not None:
            self.seen.append(seen)
            await visit.write(self.answer(seen))

    @property
    def last(self) -> Seen:
        return self.seen[-1]


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


class Reply(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


class Client:
    """One connection to the edge."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, method: str = "GET") -> Reply:
        """The next answer. Errors: IncompleteReadError, where it is cut off."""
        async with asyncio.timeout(WAIT_S):
            while True:
                head = await self.reader.readuntil(b"\r\n\r\n")
                first, *lines = head[:-4].decode("latin-1").split("\r\n")
                status = int(first.split(" ")[1])
                if status != 100:
                    break
            pairs = [line.split(":", 1) for line in lines]
            headers = [(name.lower(), value.strip()) for name, value in pairs]
            reply = Reply(status, headers, b"")
            if method == "HEAD" or status in (204, 304):
                return reply
            if reply.header("transfer-encoding") == "chunked":
                return reply._replace(body=await self._chunks())
            length = reply.header("content-length")
            if length is None:
                return reply._replace(body=await self.reader.read())
            return reply._replace(body=await self.reader.readexactly(int(length)))

    async def _chunks(self) -> bytes:
        parts = []
        while size := int((await self.reader.readuntil(b"\r\n"))[:-2], 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readuntil(b"\r\n")
        return b"".join(parts)

    async def rest(self) -> bytes:
        """All until the edge closes."""
        async with asyncio.timeout(WAIT_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def close(self) -> None:
        self.writer.close()


async def connect(port: int) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))


async def ask(
    port: int, method: str, target: str, *headers: str, body: bytes = b"", host: str = "shop.example"
) -> Reply:
    """One request on a connection of its own."""
    client = await connect(port)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    lines = "".join(f"{header}\r\n" for header in headers)
    await client.send(
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n".encode("latin-1") + body
    )
    try:
        return await client.reply(method)
    finally:
        await client.close()
