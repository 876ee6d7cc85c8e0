"""What a client gets where there is no answer of the upstream, and what is tried again."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.edge.conftest import Start
from tests.edge.servers import Script, Upstream, Visit, ask, connect, ok

Make = Callable[[Script], Awaitable[Upstream]]
INVALID = "An invalid response was received from the upstream server"
SLOW = "The upstream server is timing out"


def service(url: str, *fields: str) -> str:
    lines = "".join(f"  {field}\n" for field in fields)
    return f'_format_version: "3.0"\nservices:\n- name: a\n  url: {url}\n{lines}  routes:\n  - name: r\n    paths: [/]\n'


def refusing() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def refused(port: int, status: int, message: str, method: str = "GET") -> None:
    reply = await ask(port, method, "/x")
    assert reply.status == status
    found = json.loads(reply.body)
    assert found["message"] == message
    assert found["request_id"] == reply.header("x-kong-request-id")


async def test_a_refused_connection_is_502(edge: Start) -> None:
    await refused(await edge(service(f"http://127.0.0.1:{refusing()}")), 502, INVALID)


async def test_an_unknown_name_is_503(edge: Start) -> None:
    await refused(await edge(service("http://no-such-host.invalid")), 503, "name resolution failed")


async def silent(visit: Visit) -> None:
    await visit.request()
    await asyncio.sleep(60)


async def test_an_upstream_that_is_silent_is_504(edge: Start, scripted: Make) -> None:
    upstream = await scripted(silent)
    began = time.monotonic()
    await refused(await edge(service(upstream.url, "read_timeout: 300", "retries: 5")), 504, SLOW)
    assert time.monotonic() - began < 5
    assert upstream.visits == 1


# what an upstream says, all of it no answer
NO_ANSWERS = [
    b"",
    b"HTTP/1.1 200 OK\r\nContent-Le",
    b"garbage\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: b\x00c\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX A: b\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"SSH-2.0-x\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("said", NO_ANSWERS, ids=range(len(NO_ANSWERS)))
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_no_answer_is_502_and_is_not_asked_again(
    edge: Start, scripted: Make, said: bytes, method: str
) -> None:
    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.write(said)

    upstream = await scripted(script)
    await refused(await edge(service(upstream.url)), 502, INVALID, method)
    assert upstream.visits == 1


async def test_a_connection_is_tried_again(
    edge: Start, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, tried = asyncio.get_running_loop(), 0
    made = loop.create_connection

    async def connecting(factory: object, host: str, port: int, **more: object) -> object:
        nonlocal tried
        if port != upstream.port:
            return await made(factory, host, port, **more)  # type: ignore[call-overload]
        tried += 1
        if tried <= 3:
            raise ConnectionRefusedError
        return await made(factory, host, port, **more)  # type: ignore[call-overload]

    port = await edge(service(upstream.url, "retries: 3"))
    lesser = await edge(service(upstream.url, "retries: 2"))
    monkeypatch.setattr(loop, "create_connection", connecting)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        assert upstream.last.body == b"hi"
        tried = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", lesser)
        writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        assert (await reader.readline()).startswith(b"HTTP/1.1 502")
        writer.close()
    assert len(upstream.seen) == 1


async def closes_the_second(visit: Visit) -> None:
    """Keeps the connection after an answer, and closes it when the next request is there."""
    await visit.request()
    await visit.write(ok(b"first"))
    await visit.request()


async def test_a_read_that_met_a_closing_connection_is_sent_again_and_a_write_is_not(
    edge: Start, scripted: Make
) -> None:
    upstream = await scripted(closes_the_second)
    port = await edge(service(upstream.url))
    assert (await ask(port, "GET", "/1")).body == b"first"
    assert (await ask(port, "GET", "/2")).body == b"first"
    assert upstream.visits == 2
    assert (await ask(port, "POST", "/3", body=b"x")).status == 502
    assert upstream.visits == 2
    assert (await ask(port, "GET", "/4")).body == b"first"
    assert (await ask(port, "DELETE", "/5")).status == 502
    assert upstream.visits == 3


CUT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
]


@pytest.mark.parametrize("said", CUT, ids=["length", "chunks"])
async def test_an_answer_that_is_cut_off_is_cut_off_for_the_client_too(
    edge: Start, scripted: Make, said: bytes
) -> None:
    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.write(said)

    upstream = await scripted(script)
    client = await connect(await edge(service(upstream.url)))
    await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(asyncio.IncompleteReadError):
        await client.reply()
    await client.close()


async def test_an_answer_that_ends_with_the_connection_is_whole(edge: Start, scripted: Make) -> None:
    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.write(b"HTTP/1.0 200 OK\r\n\r\nwhole")

    upstream = await scripted(script)
    assert (await ask(await edge(service(upstream.url)), "GET", "/x")).body == b"whole"


async def test_a_client_that_leaves_frees_the_upstream(edge: Start, scripted: Make) -> None:
    left = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.reader.read()
        left.set()

    upstream = await scripted(script)
    client = await connect(await edge(service(upstream.url)))
    await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(10):
        while not upstream.visits:
            await asyncio.sleep(0.01)
        await client.close()
        await left.wait()


# answers after which a connection is not used again: what follows them nobody has asked for
EXTRA = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil",
]


@pytest.mark.parametrize("said", EXTRA, ids=["a second answer", "more", "a body that is none"])
async def test_an_answer_that_nobody_asked_for_reaches_nobody(
    edge: Start, scripted: Make, said: bytes
) -> None:
    async def script(visit: Visit) -> None:
        while await visit.request() is not None:
            await visit.write(said)

    upstream = await scripted(script)
    port = await edge(service(upstream.url))
    for number in range(1, 4):
        reply = await ask(port, "GET", "/x")
        assert reply.status in (200, 204)
        assert b"evil" not in reply.body
        assert upstream.visits == number


async def test_a_body_after_the_answer_to_head_reaches_nobody(edge: Start, upstream: Upstream) -> None:
    upstream.answer = lambda seen: ok(b"a body")
    client = await connect(await edge(service("${UPSTREAM}")))
    for method in ("HEAD", "GET"):
        await client.send(f"{method} /x HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        reply = await client.reply(method)
    assert (reply.status, reply.body, upstream.visits) == (200, b"a body", 2)
    await client.close()


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "200 OK"])
async def test_head_and_answers_without_a_body(edge: Start, upstream: Upstream, status: str) -> None:
    upstream.answer = lambda seen: f"HTTP/1.1 {status}\r\nContent-Length: 5\r\nETag: x\r\n\r\n".encode()
    port = await edge(service("${UPSTREAM}"))
    client = await connect(port)
    for _ in range(3):
        await client.send(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
        reply = await client.reply("HEAD")
        assert (reply.status, reply.header("etag")) == (int(status[:3]), "x")
    await client.close()
    assert upstream.visits == 1


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-A: 1\r\n\r\n"]
)
async def test_an_interim_answer_is_not_the_answer(edge: Start, upstream: Upstream, interim: bytes) -> None:
    upstream.answer = lambda seen: interim + ok(b"final", "X-B: 2")
    port = await edge(service("${UPSTREAM}"))
    for _ in range(2):
        reply = await ask(port, "GET", "/x")
        assert (reply.status, reply.body) == (200, b"final")
        assert (reply.header("x-a"), reply.header("x-b")) == (None, "2")
    assert upstream.visits == 1


async def test_a_connection_that_is_not_made_in_time_is_504(
    edge: Start, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await edge(service(upstream.url, "connect_timeout: 50", "retries: 1"))
    client = await connect(port)
    tried = 0

    async def never(*given: object, **more: object) -> None:
        nonlocal tried
        tried += 1
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    reply = await client.reply()
    monkeypatch.undo()
    await client.close()
    assert (reply.status, json.loads(reply.body)["message"], tried) == (504, SLOW, 2)


async def test_an_upstream_that_does_not_read_is_504(edge: Start, scripted: Make) -> None:
    async def script(visit: Visit) -> None:
        await asyncio.sleep(60)

    upstream = await scripted(script)
    client = await connect(await edge(service(upstream.url, "write_timeout: 300")))
    await client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")

    async def push() -> None:
        while True:
            await client.send(b"x" * 100_000)

    pushing = asyncio.create_task(push())
    reply = await client.reply()
    pushing.cancel()
    await asyncio.wait([pushing])
    await client.close()
    assert (reply.status, json.loads(reply.body)["message"]) == (504, SLOW)


@pytest.mark.parametrize("begun", [b"", b"abc"])
async def test_a_client_whose_body_stops_is_408(
    edge: Start, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr("tradewind.edge.proxy.CLIENT_S", 0.2)
    client = await connect(await edge(service("${UPSTREAM}")))
    await client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n" + begun)
    reply = await client.reply()
    assert (reply.status, reply.header("connection")) == (408, "close")
    await client.close()
    assert upstream.seen == []
