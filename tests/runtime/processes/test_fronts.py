"""An API gets the server that its manifest asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tradewind.core.api import ApiManifest, Front
from tradewind.core.http import Request, Response, StreamedResponse
from tradewind.core.rate_limiter import Limit
from tradewind.runtime.processes.fronts import http_server, shared_limit


def refused(answer: Response) -> Response:
    return Response(answer.status, b"in our words", (), b"text/plain")


async def said(front: Front, sent: bytes) -> bytes:
    server = http_server(front)
    await server.start("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(10):
            writer.write(sent)
            answer = await reader.read()
        writer.close()
        return answer
    finally:
        await server.stop(1.0)


async def test_an_api_that_streams_gets_a_server_that_does() -> None:
    async def upper(request: Request) -> AsyncGenerator[bytes, None]:
        assert request.chunks is not None
        async for chunk in request.chunks:
            yield chunk.upper()

    def handle(request: Request) -> None:
        request.respond(StreamedResponse(200, chunks=upper(request)))

    front = Front(handler=handle, streams=lambda request: True, body_bytes=9, problem=refused)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert (await said(front, head % 2 + b"hi")).endswith(b"2\r\nHI\r\n0\r\n\r\n")
    assert (await said(front, head % 10 + b"hi")).endswith(b"in our words")


async def test_any_other_has_whole_bodies() -> None:
    def handle(request: Request) -> None:
        assert request.chunks is None
        request.respond(Response(200, request.body))

    front = Front(handler=handle, problem=refused)
    answer = await said(front, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
    assert answer.endswith(b"content-length: 2\r\nconnection: close\r\n\r\nhi")
    assert (await said(front, b"nonsense\r\n\r\n")).endswith(b"in our words")


def test_an_api_that_limits_its_callers_says_that_a_redis_has_an_effect() -> None:
    silent = ApiManifest(name="mine", transport="http")
    assert shared_limit(silent, Limit(0)).key == "rl:mine:"
    with pytest.raises(
        ValueError, match=r'API mine limits its callers, so its manifest needs uses=\("redis",\)'
    ):
        shared_limit(silent, Limit(1))
    told = ApiManifest(name="mine", transport="http", uses=("redis",))
    assert shared_limit(told, Limit(1)).key == "rl:mine:"
    assert shared_limit(told, Limit(1, key="rl:")).key == "rl:"
