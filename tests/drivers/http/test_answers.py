"""What a well-behaved client gets."""

import json

import pytest

from tradewind.core.http import Response

from .support import Keeper, answers, echo, serving

GET = b"GET /a?b=c HTTP/1.1\r\nHost: shop\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"


def post(body: bytes, path: bytes = b"/orders", headers: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: shop\r\n%bContent-Length: %d\r\n\r\n%b" % (
        path,
        headers,
        len(body),
        body,
    )


async def test_an_answer_is_whole() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(LAST)
        data = await client.rest()
        assert data == (
            b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-type: "
            b"application/json\r\ncontent-length: 65\r\n"
            b'connection: close\r\n\r\n["GET", "/last", "", {"connection": "close", "host": "shop"}, ""]'
        )


async def test_a_connection_is_kept_for_more_requests() -> None:
    async with serving(echo) as server, server.connect() as client:
        for number in range(3):
            client.send(post(b"%d" % number))
            answer = await client.answer()
            assert json.loads(answer.body)[4] == str(number)
            assert b"connection" not in answer.headers
        assert server.connections == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            b"GET /a%20b/%C3%A9?q=%2F HTTP/1.1\r\nhost: x\r\n\r\n",
            ["GET", "/a%20b/%C3%A9", "q=%2F", {"host": "x"}, ""],
        ),
        (
            b"GET http://real:1/p?q HTTP/1.1\r\nHost: other\r\n\r\n",
            ["GET", "/p", "q", {"host": "real:1"}, ""],
        ),
        (b"GET https://real HTTP/1.1\r\nHost: other\r\n\r\n", ["GET", "/", "", {"host": "real"}, ""]),
        (b"GET http://real?q HTTP/1.1\r\nHost: other\r\n\r\n", ["GET", "/", "q", {"host": "real"}, ""]),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", ["OPTIONS", "*", "", {"host": "x"}, ""]),
        (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", ["TRACE", "/", "", {"host": "x"}, ""]),
        (
            b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nbytes of a tunnel",
            ["CONNECT", "a:80", "", {"host": "a"}, ""],
        ),
        (b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", ["GET", "/", "", {"host": "x"}, ""]),
        (
            b"GET / HTTP/1.1\r\nHost: [::1]:80 \t\r\nX:\r\nY: a\tb \r\n\r\n",
            ["GET", "/", "", {"host": "[::1]:80", "x": "", "y": "a\tb"}, ""],
        ),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n",
            ["GET", "/", "", {"host": "x", "a": "1, 3", "b": "2"}, ""],
        ),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
            ["GET", "/", "", {"host": "x", "cookie": "a=1; b=2"}, ""],
        ),
        (
            b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
            b"Chunked\r\n\r\n2;e=1\r\nab\r\n3\r\ncde\r\n1\r\nf\r\n0\r\nTrailer: t\r\n\r\n",
            ["PUT", "/", "", {"host": "x", "transfer-encoding": "Chunked"}, "abcdef"],
        ),
    ],
)
async def test_requests_are_read_as_they_are_meant(raw: bytes, expected: list[object]) -> None:
    async with serving(echo) as server:
        assert json.loads((await server.ask(raw)).body) == expected


async def test_an_absolute_target_rules_again_and_again() -> None:
    async with serving(echo) as server, server.connect() as client:
        for host in (b"one", b"two"):
            client.send(b"GET http://real/p HTTP/1.1\r\nHost: %b\r\n\r\n" % host)
            assert json.loads((await client.answer()).body)[3] == {"host": "real"}


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: close, keep-alive\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
    ],
)
async def test_who_is_kept(version: bytes, connection: bytes, kept: bool) -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(b"GET / HTTP/%b\r\nHost: x\r\n%b\r\n" % (version, connection))
        answer = await client.answer()
        if kept:
            assert answer.headers.get(b"connection") == (b"keep-alive" if version == b"1.0" else None)
            client.send(GET)
            assert (await client.answer()).status == 200
        else:
            assert answer.headers[b"connection"] == b"close"
            assert await client.rest() == b""


async def test_http_1_0_needs_no_host() -> None:
    async with serving(echo) as server:
        assert json.loads((await server.ask(b"GET / HTTP/1.0\r\n\r\n")).body)[1] == "/"


@pytest.mark.parametrize(
    "body", [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
)
async def test_an_upgrade_is_ignored_and_its_body_is_not_the_next_request(body: bytes) -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(
            b"POST /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            + body
            + LAST
        )
        first, second = answers(await client.rest())
        assert json.loads(first.body)[4] == "abc"
        assert json.loads(second.body)[1] == "/last"


async def test_head_has_the_length_and_no_body() -> None:
    async with (
        serving(lambda request: request.respond(Response(200, b"12345"))) as server,
        server.connect() as client,
    ):
        client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + LAST)
        head, full = answers(await client.rest(), heads=1)
        assert head.headers[b"content-length"] == b"5"
        assert full.body == b"12345"


@pytest.mark.parametrize("status", [204, 304])
async def test_some_statuses_have_no_body(status: int) -> None:
    async with (
        serving(lambda request: request.respond(Response(status, b"never", ((b"etag", b'"1"'),)))) as server,
        server.connect() as client,
    ):
        client.send(GET + LAST)
        found = answers(await client.rest())
        assert [answer.status for answer in found] == [status, status]
        assert found[0].headers == {b"date": b"Thu, 01 Jan 1970 00:00:00 GMT", b"etag": b'"1"'}


async def test_continue_is_said_to_who_waits_for_it() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"ab")
        assert json.loads((await client.answer()).body)[4] == "ab"


async def test_continue_does_not_overtake_an_answer() -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(GET + b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        (await keeper.have(1))[0].respond(Response(200, b"first"))
        assert (await client.answer()).body == b"first"
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_a_large_answer_arrives_whole() -> None:
    body = bytes(range(256)) * 40_000
    async with (
        serving(lambda request: request.respond(Response(200, body))) as server,
        server.connect() as client,
    ):
        client.send(GET + GET + LAST)
        found = answers(await client.rest())
        assert [answer.body == body for answer in found] == [True, True, True]
