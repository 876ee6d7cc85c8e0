"""A raw-socket client, and a real server on a free port."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httptools

from tradewind.core.http import Handler, Request, Response
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer
from tradewind.drivers.http.streaming import StreamingServer

PATIENCE = 30.0
QUICK = Limits(
    header_seconds=0.2,
    body_seconds=0.2,
    keep_alive_seconds=0.3,
    answer_seconds=0.4,
    drain_seconds=0.2,
    linger_seconds=0.1,
    tick_seconds=0.02,
)


class Answer:
    """Takes the callbacks of httptools."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        assert name.lower() not in self.headers
        self.headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    @property
    def code(self) -> str:
        assert self.headers[b"content-type"] == b"application/problem+json"
        content = json.loads(self.body)
        assert content["status"] == self.status
        assert content["type"] == f"/docs/problems#{content['code']}"
        return str(content["code"])


def answers(data: bytes, heads: int = 0) -> list[Answer]:
    """All answers in `data`, which must hold nothing else; the first `heads` of them have no body."""
    found: list[Answer] = []
    while data:
        answer = Answer()
        head, end, rest = data.partition(b"\r\n\r\n")
        assert end, f"not a whole head: {head!r}"
        parser = httptools.HttpResponseParser(answer)
        parser.feed_data(head + end)
        answer.status = parser.get_status_code()
        length = int(answer.headers.get(b"content-length", b"0"))
        if len(found) < heads:
            length = 0
        assert len(rest) >= length, "not a whole body"
        answer.body, data = rest[:length], rest[length:]
        if answer.status != 100:
            found.append(answer)
    return found


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, head_only: bool = False) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = answers(head, 1)
            if not found:
                return await self.answer(head_only)
            if not head_only:
                found[0].body = await self.reader.readexactly(
                    int(found[0].headers.get(b"content-length", b"0"))
                )
            return found[0]

    async def rest(self) -> bytes:
        """All that comes until the server closes; fails if it does not."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def closed(self) -> None:
        """Waits for the end of the connection, whatever its manner."""
        with contextlib.suppress(ConnectionError):
            await self.rest()

    async def only_answer(self) -> Answer:
        found = answers(await self.rest())
        assert len(found) == 1
        return found[0]

    def close(self) -> None:
        self.writer.close()


class Tested:
    """A server that knows how to reach itself."""

    port: int

    @property
    def connections(self) -> int:
        raise NotImplementedError

    @contextlib.asynccontextmanager
    async def connect(self, **options: Any) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()

    async def ask(self, data: bytes) -> Answer:
        async with self.connect() as client:
            client.send(data)
            return await client.answer()

    async def until_connections(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.connections != number:
                await asyncio.sleep(0.005)


class OwnServer(HttpServer, Tested):
    """Our own."""


class UvicornServer(StreamingServer, Tested):
    """uvicorn."""


SERVERS = {"own": OwnServer, "streaming": UvicornServer}
current = "own"


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, limits: Limits = QUICK, **options: Any
) -> AsyncIterator[OwnServer | UvicornServer]:
    server = SERVERS[current](handler, limits, clock=lambda: 0.0, **options)
    await server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.stop(0.0)
        assert server.connections == 0


def seen(request: Request) -> bytes:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
    query, body = request.query.decode("latin-1"), request.body.decode("latin-1")
    return json.dumps([request.method, request.path, query, headers, body], sort_keys=True).encode()


def echo(request: Request) -> None:
    request.respond(Response(200, seen(request)))


class Keeper:
    """A handler that keeps its requests for the test to answer."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> None:
        self.requests.append(request)

    async def have(self, number: int) -> list[Request]:
        async with asyncio.timeout(PATIENCE):
            while len(self.requests) < number:
                await asyncio.sleep(0.005)
        return self.requests
