"""What no handler sees: bytes that two servers could read in two ways, and requests past a limit. One answer,
then the end.
"""

import pytest

from tradewind.drivers.http.limits import Limits

from .support import Answer, Keeper, echo, serving

SMALL = Limits(
    body_bytes=1000, header_bytes=1000, header_count=10, url_bytes=100, linger_seconds=0.5, tick_seconds=0.05
)
H = b"Host: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"

SMUGGLING = {
    "length and chunked": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + HIDDEN,
    "the same length twice": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + HIDDEN,
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc" + HIDDEN,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "a length with a sign": POST + b"Content-Length: +3\r\n\r\nabc" + HIDDEN,
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\nabc" + HIDDEN,
    "an empty length": POST + b"Content-Length:\r\n\r\n" + HIDDEN,
    "a length past 64 bits": POST + b"Content-Length: 18446744073709551617\r\n\r\n" + HIDDEN,
    "a length with an underscore": POST + b"Content-Length: 1_0\r\n\r\n" + HIDDEN,
    "chunked twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "chunked is not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked after a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked before HTTP/1.1": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a folded header": POST + b"X: a\r\n Content-Length: 3\r\n\r\nabc" + HIDDEN,
    "a folded first header": b"GET / HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n" + HIDDEN,
    "a bare line feed after the start": b"GET / HTTP/1.1\nHost: x\r\n\r\n" + HIDDEN,
    "a bare line feed in a header": GET + b"X: a\nContent-Length: 3\r\n\r\nabc" + HIDDEN,
    "a bare line feed at the end": GET + b"\n" + HIDDEN,
    "a bare carriage return": GET + b"X: a\rContent-Length: 3\r\n\r\nabc" + HIDDEN,
    "a NUL in a header": GET + b"X: a\x00b\r\n\r\n" + HIDDEN,
    "a control character in a header": GET + b"X: a\x1bb\r\n\r\n" + HIDDEN,
    "a space in a header's name": GET + b"X Y: a\r\n\r\n" + HIDDEN,
    "a header without a name": GET + b": a\r\n\r\n" + HIDDEN,
    "a header without a colon": GET + b"Hello\r\n\r\n" + HIDDEN,
    "a bad chunk size": CHUNKED + b"zz\r\n\r\n" + HIDDEN,
    "a negative chunk size": CHUNKED + b"-1\r\na\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size with a prefix": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size with a space": CHUNKED + b"1 \r\na\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size past 64 bits": CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n" + HIDDEN,
    "a chunk longer than its size": CHUNKED + b"1\r\nab\r\n0\r\n\r\n" + HIDDEN,
    "a chunk ended by a line feed": CHUNKED + b"1\na\n0\n\n" + HIDDEN,
    "a chunk extension with a line feed": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n" + HIDDEN,
    "a length in the trailer": CHUNKED + b"0\r\nContent-Length: 44\r\n\r\n" + HIDDEN,
    "no host": b"GET / HTTP/1.1\r\n\r\n" + HIDDEN,
    "two hosts": GET + b"Host: y\r\n\r\n" + HIDDEN,
    "two authorizations": GET + b"Authorization: a\r\nauthorization: b\r\n\r\n" + HIDDEN,
    "two idempotency keys": GET + b"Idempotency-Key: a\r\nIdempotency-Key: a\r\n\r\n" + HIDDEN,
    "a host with a path": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n" + HIDDEN,
    "a list of hosts": b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n" + HIDDEN,
    "a target with a login": b"GET http://me@x/ HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a target with a strange host": b"GET http://x,y/ HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a target of another kind": b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a star for a path": b"GET * HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a control character in the target": b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "bytes that are not ASCII in the target": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a method in lower case": b"get / HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "a body that nobody announced": b"BODY",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "another protocol": b"EHLO example.org\r\n",
}


async def refused(raw: bytes, limits: Limits = SMALL) -> Answer:
    keeper = Keeper()
    async with serving(keeper, limits) as server, server.connect() as client:
        client.send(raw)
        answer = await client.only_answer()
        assert keeper.requests == []
        assert answer.headers[b"connection"] == b"close"
        return answer


@pytest.mark.parametrize("case", SMUGGLING)
async def test_smuggling_gets_one_400_and_the_end(case: str) -> None:
    answer = await refused(SMUGGLING[case])
    assert (answer.status, answer.code) == (400, "malformed_request")


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"xchunked", b"identity", b"gzip", b'"chunked"'])
async def test_an_unknown_transfer_coding(coding: bytes) -> None:
    answer = await refused(POST + b"Transfer-Encoding: %b\r\n\r\n0\r\n\r\n" % coding + HIDDEN)
    assert (answer.status, answer.code) == (501, "transfer_coding_unknown")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET /\r\n HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_an_unknown_version(raw: bytes) -> None:
    answer = await refused(raw)
    assert (answer.status, answer.code) == (505, "http_version_unknown")


async def test_an_unknown_expectation() -> None:
    answer = await refused(POST + b"Expect: miracles\r\nContent-Length: 1\r\n\r\n")
    assert (answer.status, answer.code) == (417, "expectation_failed")


HEADERS_OVER = {
    "many": GET + b"".join(b"X-%d: 1\r\n" % number for number in range(10)) + b"\r\n",
    "one that is long": GET + b"X: " + b"a" * 1000 + b"\r\n\r\n",
    "one that does not end": GET + b"X: " + b"a" * 4000,
    "padding": GET + b"X: " + b" " * 4000,
    "long together": GET + (b"X: " + b"a" * 200 + b"\r\n") * 5 + b"\r\n",
    "trailers": CHUNKED + b"0\r\n" + b"a: b\r\n" * 20,
}


@pytest.mark.parametrize("case", HEADERS_OVER)
async def test_too_many_headers(case: str) -> None:
    answer = await refused(HEADERS_OVER[case])
    assert (answer.status, answer.code) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "raw", [b"GET /" + b"a" * 100 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /" + b"a" * 200]
)
async def test_a_long_target(raw: bytes) -> None:
    answer = await refused(raw)
    assert (answer.status, answer.code) == (414, "url_too_long")


BODIES_OVER = {
    "announced": POST + b"Content-Length: 1001\r\n\r\n" + b"a" * 1001,
    "announced and waiting": POST + b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
    "one chunk": CHUNKED + b"3e9\r\n" + b"a" * 1001 + b"\r\n0\r\n\r\n",
    "two chunks": CHUNKED + b"3e8\r\n" + b"a" * 1000 + b"\r\n1\r\na\r\n",
    "small chunks": CHUNKED + b"1\r\na\r\n" * 1001,
    "chunk extensions without end": CHUNKED + b"1;" + b"a" * 80_000,
}


@pytest.mark.parametrize("case", BODIES_OVER)
async def test_a_large_body(case: str) -> None:
    answer = await refused(BODIES_OVER[case])
    assert (answer.status, answer.code) == (413, "body_too_large")


async def test_the_limits_themselves_are_allowed() -> None:
    async with serving(echo, SMALL) as server:
        raw = (
            b"POST /"
            + b"a" * 99
            + b" HTTP/1.1\r\nHost: x\r\n"
            + b"X: 1\r\n" * 8
            + b"Content-Length: 1000\r\n\r\n"
            + b"b" * 1000
        )
        assert (await server.ask(raw)).status == 200
        assert (await server.ask(CHUNKED + b"3e8\r\n" + b"b" * 1000 + b"\r\n0\r\n\r\n")).status == 200


async def test_one_mebibyte_and_one_byte() -> None:
    size = 1024 * 1024
    limits = Limits(linger_seconds=0.5, tick_seconds=0.05)
    answer = await refused(POST + b"Content-Length: %d\r\n\r\n" % (size + 1) + b"a" * (size + 1), limits)
    assert answer.status == 413
    async with serving(echo, limits) as server:
        assert (await server.ask(POST + b"Content-Length: %d\r\n\r\n" % size + b"a" * size)).status == 200
