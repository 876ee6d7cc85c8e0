"""What two servers in a row could read in two ways never reaches the second one: byte streams against RFC 9110 and 9112."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.conftest import FILE, At, Start
from tests.edge.servers import Upstream, connect
from tradewind.edge.reading import read
from tradewind.edge.server import EdgeServer

POST = b"POST /orders/a HTTP/1.1\r\nHost: a\r\n"
NEXT = b"GET /orders/next HTTP/1.1\r\nHost: a\r\n\r\n"
SMUGGLED = b"GET /orders/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

BAD_REQUESTS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    # two lengths
    "length and chunks": (POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED, (400,)),
    "chunks and length": (POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED, (400,)),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 38\r\n\r\n" + SMUGGLED, (400,)),
    "two equal lengths": (POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi" + SMUGGLED, (400,)),
    "a list of lengths": (POST + b"Content-Length: 2, 2\r\n\r\nhi" + SMUGGLED, (400,)),
    "a signed length": (POST + b"Content-Length: +2\r\n\r\nhi" + SMUGGLED, (400,)),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED, (400,)),
    "a hexadecimal length": (POST + b"Content-Length: 0x2\r\n\r\nhi" + SMUGGLED, (400,)),
    "an empty length": (POST + b"Content-Length:\r\n\r\n" + SMUGGLED, (400,)),
    "a length with an underscore": (POST + b"Content-Length: 1_0\r\n\r\n" + SMUGGLED, (400,)),
    "a length past all numbers": (POST + b"Content-Length: 99999999999999999999\r\n\r\n" + SMUGGLED, (400,)),
    "a length that is folded": (POST + b"Content-Length:\r\n 5\r\n\r\nhello" + SMUGGLED, (400,)),
    # codings
    "another coding": (POST + b"Transfer-Encoding: gzip\r\n\r\n" + SMUGGLED, (400, 501)),
    "chunked is not last": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + SMUGGLED, (400, 501)),
    "two codings": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, (501,)),
    "chunked twice": (POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED, (400, 501)),
    "chunked and identity": (
        POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        (400, 501),
    ),
    "a coding with a tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, (400, 501)),
    "a quoted coding": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + SMUGGLED, (400, 501)),
    "a coding with a parameter": (
        POST + b"Transfer-Encoding: chunked;a=1\r\n\r\n0\r\n\r\n" + SMUGGLED,
        (400, 501),
    ),
    "a name with a space": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, (400,)),
    "a length with a space in its name": (POST + b"Content-Length : 5\r\n\r\nhello" + SMUGGLED, (400,)),
    "chunks in HTTP/1.0": (
        b"POST /orders HTTP/1.0\r\nHost: a\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
        (400,),
    ),
    # chunks
    "a chunk size of no number": (POST + CHUNKED + b"\r\nzz\r\nhi\r\n0\r\n\r\n", (400,)),
    "a signed chunk size": (POST + CHUNKED + b"\r\n+2\r\nhi\r\n0\r\n\r\n", (400,)),
    "a chunk size with 0x": (POST + CHUNKED + b"\r\n0x2\r\nhi\r\n0\r\n\r\n", (400,)),
    "a chunk size past all numbers": (POST + CHUNKED + b"\r\nfffffffffffffffff\r\nhi\r\n0\r\n\r\n", (400,)),
    "a chunk that is too long": (POST + CHUNKED + b"\r\n2\r\nhello\r\n0\r\n\r\n", (400,)),
    "a chunk that ends with LF": (POST + CHUNKED + b"\r\n2\nhi\r\n0\r\n\r\n", (400,)),
    "a chunk without an end": (POST + CHUNKED + b"\r\n2\r\nhi0\r\n\r\n", (400,)),
    "a chunk size with a space": (POST + CHUNKED + b"\r\n2 \r\nhi\r\n0\r\n\r\n", (400,)),
    "a length in a trailer": (POST + CHUNKED + b"\r\n2\r\nhi\r\n0\r\nContent-Length: 2\r\n\r\n", (400,)),
    # lines
    "LF alone": (b"GET /orders HTTP/1.1\nHost: a\n\n", (400,)),
    "LF alone after a header": (b"GET /orders HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", (400,)),
    "CR alone": (b"GET /orders HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", (400,)),
    "a folded header": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", (400,)),
    "a space before the first header": (b"GET /orders HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n", (400,)),
    "a header without a colon": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", (400,)),
    "a header without a name": (b"GET /orders HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", (400,)),
    "a NUL in a value": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: b\x00c\r\n\r\n", (400,)),
    "a control character in a value": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: b\x01c\r\n\r\n", (400,)),
    "a space in a name": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", (400,)),
    "a bracket in a name": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", (400,)),
    # the host
    "no host": (b"GET /orders HTTP/1.1\r\n\r\n", (400,)),
    "two hosts": (b"GET /orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", (400,)),
    "two equal hosts": (b"GET /orders HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", (400,)),
    "a host with a path": (b"GET /orders HTTP/1.1\r\nHost: a/b\r\n\r\n", (400,)),
    "a host with a user": (b"GET /orders HTTP/1.1\r\nHost: u@a\r\n\r\n", (400,)),
    "a host with a space": (b"GET /orders HTTP/1.1\r\nHost: a b\r\n\r\n", (400,)),
    "a host with a bad port": (b"GET /orders HTTP/1.1\r\nHost: a:b\r\n\r\n", (400,)),
    # the target
    "an authority": (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + SMUGGLED, (400, 405)),
    "CONNECT with a path": (b"CONNECT /orders HTTP/1.1\r\nHost: a\r\n\r\n" + SMUGGLED, (400, 405)),
    "TRACE": (b"TRACE /orders HTTP/1.1\r\nHost: a\r\n\r\n", (405,)),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a relative target": (b"GET orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "another scheme": (b"GET ftp://a/orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "an absolute target without a host": (b"GET http:///orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "an absolute target with a user": (b"GET http://u@a/orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a fragment": (b"GET /orders#x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a space in the target": (b"GET /orders x HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a tab in the target": (b"GET /orders\tx HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a bad escape": (b"GET /orders/%zz HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "an escaped NUL": (b"GET /orders/%00 HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a target without an end": (b"GET /orders/" + b"a" * 70_000, (414, 431)),
    "a long target": (b"GET /orders/" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", (414,)),
    # bounds
    "many headers": (b"GET /orders HTTP/1.1\r\nHost: a\r\n" + b"X: b\r\n" * 300 + b"\r\n", (431,)),
    "large headers": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 40_000 + b"\r\n\r\n", (431,)),
    "a header without an end": (b"GET /orders HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 200_000, (431,)),
    # versions and methods
    "no version": (b"GET /orders\r\n\r\n", (400, 505)),
    "HTTP/0.9": (b"GET /orders HTTP/0.9\r\nHost: a\r\n\r\n", (400, 505)),
    "HTTP/1.2": (b"GET /orders HTTP/1.2\r\nHost: a\r\n\r\n", (400, 505)),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "another protocol": (b"GET /orders SSH/1.0\r\nHost: a\r\n\r\n", (400,)),
    "an unknown method": (b"HELO /orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "a method in small letters": (b"get /orders HTTP/1.1\r\nHost: a\r\n\r\n", (400,)),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50, (400,)),
    "a WebSocket": (
        b"GET /orders HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + SMUGGLED,
        (501,),
    ),
}


def parts(sent: bytes, pieces: str) -> list[bytes]:
    size = {"at once": len(sent), "in two": len(sent) // 2 + 1}.get(pieces, max(1, len(sent) // 2000))
    return [sent[start : start + size] for start in range(0, len(sent), size)]


@pytest.mark.parametrize("pieces", ["at once", "in two", "byte by byte"])
@pytest.mark.parametrize("case", BAD_REQUESTS)
async def test_a_bad_request_is_refused_and_nothing_after_it_is_read(
    edge: Start, upstream: Upstream, case: str, pieces: str
) -> None:
    sent, statuses = BAD_REQUESTS[case]
    client = await connect(await edge())
    try:
        for part in parts(sent, pieces):
            await client.send(part)
    except ConnectionError:
        pass
    said = await client.rest()
    await client.close()
    # a body that turns out to be broken after its head may have been begun upstream, and never ends there
    assert said.startswith(b"HTTP/1.1 "), said
    assert int(said[9:12]) in statuses, said
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert upstream.seen == []


GOOD: dict[str, tuple[bytes, list[str], list[bytes]]] = {
    # what is sent, the targets upstream, the bodies upstream
    "two requests": (NEXT + NEXT, ["/next", "/next"], [b"", b""]),
    "a body and a request": (
        POST + b"Content-Length: 5\r\n\r\nhello" + NEXT,
        ["/a", "/next"],
        [b"hello", b""],
    ),
    "a body that looks like a request": (
        POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + NEXT,
        *(["/a", "/next"], [SMUGGLED, b""]),
    ),
    "chunks and a request": (
        POST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n" + NEXT,
        ["/a", "/next"],
        [b"hello", b""],
    ),
    "a chunk with an extension": (
        POST + CHUNKED + b"\r\n5;a=b\r\nhello\r\n0\r\n\r\n" + NEXT,
        ["/a", "/next"],
        [b"hello", b""],
    ),
    "a trailer": (
        POST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX-Consumer-ID: root\r\nX-T: 1\r\n\r\n" + NEXT,
        *(["/a", "/next"], [b"hello", b""]),
    ),
    "chunked in capitals": (
        POST + b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + NEXT,
        ["/a", "/next"],
        [b"hi", b""],
    ),
    "zeros before a length": (POST + b"Content-Length: 0002\r\n\r\nhi" + NEXT, ["/a", "/next"], [b"hi", b""]),
    "no body": (POST + b"Content-Length: 0\r\n\r\n" + NEXT, ["/a", "/next"], [b"", b""]),
    "no chunk": (POST + CHUNKED + b"\r\n0\r\n\r\n" + NEXT, ["/a", "/next"], [b"", b""]),
    "a body of GET": (
        b"GET /orders/g HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + NEXT,
        ["/g", "/next"],
        [b"hi", b""],
    ),
    "an upgrade to h2c": (
        POST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nContent-Length: 2\r\n\r\nhi"
        + NEXT,
        *(["/a", "/next"], [b"hi", b""]),
    ),
    "an upgrade without a body": (
        b"GET /orders/u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + NEXT,
        *(["/u", "/next"], [b"", b""]),
    ),
    "an absolute target": (
        b"GET http://b/orders/x HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT,
        ["/x", "/next"],
        [b"", b""],
    ),
    "an absolute target without a path": (
        b"GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT,
        ["/next"],
        [b""],
    ),
    "an empty line before a request": (b"\r\n" + NEXT + b"\r\n" + NEXT, ["/next", "/next"], [b"", b""]),
    "an IPv6 host": (b"GET /orders/x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n" + NEXT, ["/x", "/next"], [b"", b""]),
    "spaces around a value": (
        POST + b"Content-Length: \t 2 \t\r\n\r\nhi" + NEXT,
        ["/a", "/next"],
        [b"hi", b""],
    ),
    "names hidden by Connection": (
        POST + b"Connection: Content-Length, Host, Transfer-Encoding\r\nContent-Length: 2\r\n\r\nhi" + NEXT,
        *(["/a", "/next"], [b"hi", b""]),
    ),
    "twenty at once": (NEXT * 20, ["/next"] * 20, [b""] * 20),
}


@pytest.mark.parametrize("pieces", ["at once", "in two", "byte by byte"])
@pytest.mark.parametrize("case", GOOD)
async def test_a_good_stream_is_read_as_it_was_meant(
    edge: Start, upstream: Upstream, case: str, pieces: str
) -> None:
    sent, targets, bodies = GOOD[case]
    client = await connect(await edge())
    for part in parts(sent, pieces):
        await client.send(part)
    replies = [await client.reply() for _ in range(len(targets) + (1 if "without a path" in case else 0))]
    await client.close()
    assert [reply.body.decode() for reply in replies if reply.status == 200] == targets
    assert [(seen.target, seen.body) for seen in upstream.seen] == list(zip(targets, bodies, strict=True))
    for seen in upstream.seen:
        assert seen.all("x-consumer-id") == []
        assert len(seen.all("host")) == 1
        assert len(seen.all("content-length")) + len(seen.all("transfer-encoding")) <= 1


@pytest.mark.parametrize(
    "answer", ["Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"]
)
async def test_http_1_0_gets_no_chunks_and_the_end_of_the_connection(
    edge: Start, upstream: Upstream, answer: str
) -> None:
    upstream.answer = lambda seen: f"HTTP/1.1 200 OK\r\n{answer}".encode()
    client = await connect(await edge())
    await client.send(b"GET /orders HTTP/1.0\r\n\r\n")
    said = await client.rest()
    await client.close()
    head, _, body = said.partition(b"\r\n\r\n")
    assert (body, b"chunked" in head) == (b"hi", False)
    assert upstream.last.all("host") == [f"127.0.0.1:{upstream.port}"]


async def test_connection_close_ends_the_connection_after_its_answer(edge: Start, upstream: Upstream) -> None:
    client = await connect(await edge())
    await client.send(b"GET /orders/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + SMUGGLED)
    said = await client.rest()
    await client.close()
    assert said.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in said
    assert [seen.target for seen in upstream.seen] == ["/x"]


PARTS = [
    b"GET /orders/x HTTP/1.1\r\n",
    b"POST /orders/x HTTP/1.1\r\n",
    b"Host: a\r\n",
    b"Content-Length: 4\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: x\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n",
    b"4\r\nbody\r\n",
    b"0\r\n\r\n",
    b"body",
    b"\x00",
    b"\n",
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(st.sampled_from(PARTS), max_size=14))
async def test_any_stream_is_answered_in_order_or_refused(drawn: list[bytes]) -> None:
    """As many answers as requests upstream and refusals, and the edge serves the next client."""
    upstream = await Upstream().start()
    server = EdgeServer(read(FILE, "kong.yml", {"UPSTREAM": upstream.url}), At())
    await server.start("127.0.0.1", 0)
    try:
        client = await connect(server.port)
        await client.send(b"".join(drawn))
        said = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(0.05):
                while data := await client.reader.read(65_536):
                    said += data
        await client.close()
        answers = said.count(b"HTTP/1.1 2")
        assert answers <= len(upstream.seen)
        for seen in upstream.seen:
            assert seen.target == "/x"
            assert seen.body in (b"", b"body", b"bodybody", b"bodybodybody") or len(seen.body) == 4
        fresh = await connect(server.port)
        await fresh.send(NEXT)
        assert (await fresh.reply()).body == b"/next"
        await fresh.close()
    finally:
        await server.stop(1.0)
        await upstream.stop()


def test_there_are_enough_streams() -> None:
    assert 3 * (len(BAD_REQUESTS) + len(GOOD)) >= 280
