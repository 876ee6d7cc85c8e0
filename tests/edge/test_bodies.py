"""What goes in comes out, byte for byte and while it comes, both ways; an early answer is the answer."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.conftest import FILE, At, Start
from tests.edge.servers import Script, Upstream, Visit, ask, connect, ok
from tradewind.edge.reading import read
from tradewind.edge.server import EdgeServer

Make = Callable[[Script], Awaitable[Upstream]]
MB = 1 << 20


def to(upstream: Upstream) -> str:
    return FILE.replace("${UPSTREAM}", upstream.url)


async def echo(visit: Visit) -> None:
    """Says the body again, in chunks, while it comes."""
    while (seen := await visit.head()) is not None:
        await visit.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        left = int(seen.header("content-length") or 0)
        chunked = seen.header("transfer-encoding") is not None
        while left or chunked:
            if chunked:
                left = int((await visit.reader.readuntil(b"\r\n"))[:-2], 16)
                if not left:
                    await visit.reader.readuntil(b"\r\n")
                    break
            data = (
                await visit.reader.read(min(left, 65_536))
                if not chunked
                else await visit.reader.readexactly(left)
            )
            if chunked:
                await visit.reader.readexactly(2)
            left = 0 if chunked else left - len(data)
            await visit.write(b"%x\r\n%b\r\n" % (len(data), data))
        await visit.write(b"0\r\n\r\n")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3 * MB, 20 * MB])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
async def test_bodies_of_any_size_come_back_whole(
    edge: Start, scripted: Make, size: int, chunked: bool
) -> None:
    upstream = await scripted(echo)
    body = random.Random(size).randbytes(size)
    client = await connect(await edge(to(upstream)))
    head = b"POST /orders HTTP/1.1\r\nHost: a\r\n"

    async def send() -> None:
        if not chunked:
            await client.send(head + b"Content-Length: %d\r\n\r\n" % size)
            for start in range(0, size, 300_000):
                await client.send(body[start : start + 300_000])
            return
        await client.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for start in range(0, size, 70_001):
            part = body[start : start + 70_001]
            await client.send(b"%X\r\n%b\r\n" % (len(part), part))
        await client.send(b"0\r\n\r\n")

    _, reply = await asyncio.gather(send(), client.reply())
    await client.close()
    assert reply.status == 200
    assert hashlib.sha256(reply.body).digest() == hashlib.sha256(body).digest()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parts=st.lists(st.binary(min_size=1, max_size=3000), max_size=6),
    answer=st.lists(st.binary(min_size=1, max_size=3000), max_size=6),
    lengths=st.tuples(st.booleans(), st.booleans()),
    pause=st.booleans(),
)
async def test_any_body_passes_unchanged(
    parts: list[bytes], answer: list[bytes], lengths: tuple[bool, bool], pause: bool
) -> None:
    upstream = await Upstream().start()
    whole = b"".join(answer)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in answer) + b"0\r\n\r\n"
    said = ok(whole) if lengths[1] else b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    upstream.answer = lambda seen: said
    server = EdgeServer(read(FILE, "kong.yml", {"UPSTREAM": upstream.url}), At())
    await server.start("127.0.0.1", 0)
    try:
        client = await connect(server.port)
        size = sum(map(len, parts))
        framing = b"Content-Length: %d" % size if lengths[0] else b"Transfer-Encoding: chunked"
        await client.send(b"POST /orders HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % framing)
        for part in parts:
            await client.send(part if lengths[0] else b"%x\r\n%b\r\n" % (len(part), part))
            if pause:
                await asyncio.sleep(0)
        if not lengths[0]:
            await client.send(b"0\r\n\r\n")
        reply = await client.reply()
        await client.close()
        assert reply.body == whole
        assert upstream.last.body == b"".join(parts)
    finally:
        await server.stop(1.0)
        await upstream.stop()


async def test_numbers_pass_as_they_were_written(edge: Start, upstream: Upstream) -> None:
    body = b'{"amount": 12345678901234567890.10, "a": 1e400, "a": "\\u00e9"}'
    upstream.answer = lambda seen: ok(seen.body, "Content-Type: application/json")
    assert (await ask(await edge(), "POST", "/orders", body=body)).body == body
    assert upstream.last.body == body


async def test_a_body_goes_on_while_it_comes(edge: Start, scripted: Make) -> None:
    upstream = await scripted(echo)
    client = await connect(await edge(to(upstream)))
    await client.send(b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    async with asyncio.timeout(10):
        said = await client.reader.readuntil(b"abc\r\n")  # before the rest was sent
        assert said.startswith(b"HTTP/1.1 200")
        await client.send(b"def")
        assert b"def" in await client.reader.readuntil(b"0\r\n\r\n")
    await client.close()


async def test_an_answer_goes_on_while_it_comes(edge: Start, scripted: Make) -> None:
    more = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await visit.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
        )
        await more.wait()
        await visit.write(b"3\r\ntwo\r\n0\r\n\r\n")

    upstream = await scripted(script)
    client = await connect(await edge(to(upstream)))
    await client.send(b"GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(10):
        await client.reader.readuntil(b"one")
        more.set()
        await client.reader.readuntil(b"two")
    await client.close()


async def test_a_slow_reader_slows_the_upstream(edge: Start, scripted: Make) -> None:
    written = 0

    async def script(visit: Visit) -> None:
        nonlocal written
        await visit.request()
        await visit.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (200 * MB))
        while written < 200 * MB:
            await visit.write(b"x" * MB)
            written += MB

    upstream = await scripted(script)
    client = await connect(await edge(to(upstream)))
    await client.send(b"GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.reader.readexactly(10)
    before = -1
    async with asyncio.timeout(20):
        while written != before:  # until it waits
            before = written
            await asyncio.sleep(0.3)
    assert written < 60 * MB
    await client.close()


async def test_a_slow_upload_is_not_an_upstream_that_is_slow(edge: Start, upstream: Upstream) -> None:
    text = FILE.replace("    routes:", "    read_timeout: 200\n    routes:")
    client = await connect(await edge(text))
    await client.send(b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
    for byte in b"abcd":
        await asyncio.sleep(0.15)
        await client.send(bytes([byte]))
    assert (await client.reply()).status == 200
    await client.close()


async def test_continue_is_said_before_the_body_is_there(edge: Start, upstream: Upstream) -> None:
    client = await connect(await edge())
    await client.send(
        b"POST /orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    async with asyncio.timeout(10):
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"hi")
    assert (await client.reply()).status == 200
    await client.close()
    assert (upstream.last.body, upstream.last.all("expect")) == (b"hi", [])


async def refusing(visit: Visit) -> None:
    """Reads the head, answers and closes while the body comes, as servers do that have seen its length."""
    await visit.head()
    await visit.write(ok(b"too large", "Connection: close", status="413 Payload Too Large"))


async def test_an_early_answer_is_the_answer(edge: Start, scripted: Make) -> None:
    upstream = await scripted(refusing)
    port = await edge(to(upstream))
    body = b"x" * (3 * MB)
    for _ in range(30):
        reply = await ask(port, "POST", "/orders", body=body)
        assert (reply.status, reply.body) == (413, b"too large")


async def test_an_early_answer_of_a_server_that_reads_on(edge: Start, scripted: Make) -> None:
    async def script(visit: Visit) -> None:
        seen = await visit.head()
        while seen is not None:
            await visit.write(ok(b"too large", status="413 Payload Too Large"))
            await visit.reader.read(10_000)
            return

    upstream = await scripted(script)
    port = await edge(to(upstream))
    client = await connect(port)
    await client.send(b"POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert (await client.reply()).status == 413
    # the rest of the body is thrown away, and the connection serves on
    await client.send(b"5\r\nhello\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await client.reply()).status == 404
    await client.close()


@pytest.mark.parametrize("target", ["/nowhere", "/orders"])
async def test_the_edges_own_answer_does_not_wait_for_the_body(edge: Start, target: str) -> None:
    text = FILE + "plugins: [{name: key-auth}]\n"
    client = await connect(await edge(text))
    await client.send(f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {3 * MB}\r\n\r\n".encode())
    assert (await client.reply()).status in (401, 404)
    await client.send(b"x" * (3 * MB) + b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await client.reply()).status == 404
    await client.close()


async def test_a_client_that_leaves_in_its_body_is_no_whole_request(edge: Start, upstream: Upstream) -> None:
    port = await edge()
    for framing in ("Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
        client = await connect(port)
        await client.send(f"POST /orders HTTP/1.1\r\nHost: a\r\n{framing}".encode())
        visits, ends = upstream.visits, time.monotonic() + 10
        while upstream.visits == visits and time.monotonic() < ends and not upstream.visits:
            await asyncio.sleep(0.01)
        await client.close()
    assert (await ask(port, "GET", "/orders/after")).body == b"/after"
    assert [seen.target for seen in upstream.seen] == ["/after"]


async def test_stop_finishes_what_runs_and_closes_what_is_idle(upstream: Upstream) -> None:
    released = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.request()
        await released.wait()
        await visit.write(ok(b"done"))

    slow = await Upstream(script).start()
    server = EdgeServer(read(to(slow), "kong.yml", {}), At())
    await server.start("127.0.0.1", 0)
    idle, busy = await connect(server.port), await connect(server.port)
    await busy.send(b"GET /orders HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(10):
        while not slow.visits:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(server.stop(10.0))
        assert await idle.rest() == b""
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", server.port)
        assert not stopping.done()
        released.set()
        reply = await busy.reply()
        assert (reply.body, reply.header("connection")) == (b"done", "close")
        await stopping
    for client in (idle, busy):
        await client.close()
    await slow.stop()


def test_an_early_answer_is_the_answer_on_the_loop_of_the_processes() -> None:

    async def ask_often() -> set[int]:
        upstream = await Upstream(refusing).start()
        server = EdgeServer(read(to(upstream), "kong.yml", {}), At())
        await server.start("127.0.0.1", 0)
        statuses = {
            (await ask(server.port, "POST", "/orders", body=b"x" * (3 * MB))).status for _ in range(30)
        }
        await server.stop(1.0)
        await upstream.stop()
        return statuses

    assert uvloop.run(ask_often()) == {413}
