"""Clients that take their time: each is let go when its time is over, with the reason where it can hear
one.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tradewind.core.http import Response

from .loose import Loose
from .support import QUICK, Client, Keeper, answers, echo, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"a" * 100_000


@contextlib.asynccontextmanager
async def dripping(client: Client, data: bytes) -> AsyncIterator[None]:
    """Sends byte after byte for as long as the block lasts: a deadline that a byte renews would never
    come.
    """

    async def drip() -> None:
        for byte in data:
            client.send(bytes([byte]))
            await asyncio.sleep(0.01)

    task = asyncio.create_task(drip())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize(
    "start", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n", CHUNKED, CHUNKED + b"5\r\nab"]
)
async def test_a_request_that_stops_is_timed_out(start: bytes) -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(start)
        answer = await client.only_answer()
        assert (answer.status, answer.code) == (408, "request_timeout")


DRIPS = {
    "a target": (b"", b"GET /" + ENDLESS),
    "a header": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Slow: " + ENDLESS),
    "headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"".join(b"X-%d: a\r\n" % number for number in range(20))),
    "a body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", ENDLESS),
    "chunks": (CHUNKED, b"1\r\na\r\n" * 1000),
    "a chunk extension": (CHUNKED, b"1;" + ENDLESS),
    "a trailer": (CHUNKED + b"0\r\n", b"X: " + ENDLESS),
}


@pytest.mark.parametrize("case", DRIPS)
async def test_a_request_that_drips_is_timed_out(case: str) -> None:
    start, slow = DRIPS[case]
    async with serving(echo) as server, server.connect() as client:
        client.send(start)
        async with dripping(client, slow):
            answer = await client.answer()
            assert (answer.status, answer.code) == (408, "request_timeout")
            await client.closed()
        await server.until_connections(0)


async def test_a_second_request_has_the_same_time() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(GET)
        assert (await client.answer()).status == 200
        client.send(b"GET / HTT")
        assert (await client.only_answer()).status == 408


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with serving(echo, replace(QUICK, keep_alive_seconds=60)) as server, server.connect() as client:
        assert await client.rest() == b""


@pytest.mark.parametrize("then", [b"", b"\r\n"])
async def test_a_kept_connection_that_says_nothing_more_is_closed(then: bytes) -> None:
    async with serving(echo, replace(QUICK, header_seconds=60)) as server, server.connect() as client:
        client.send(GET)
        assert (await client.answer()).status == 200
        client.send(then)
        assert await client.rest() == b""


async def test_line_ends_alone_keep_nothing_open() -> None:
    async with serving(echo) as server, server.connect() as client, dripping(client, b"\r\n" * 1000):
        await client.closed()


async def test_a_client_that_does_not_read_is_let_go() -> None:
    async with serving(lambda request: request.respond(Response(200, bytes(8_000_000)))) as server:
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", server.port))
            plain.send(GET * 20)
            await server.until_connections(1)
            await server.until_connections(0)


async def test_a_client_that_does_not_read_its_last_answer_is_let_go() -> None:
    async with serving(lambda request: request.respond(Response(200, bytes(8_000_000)))) as server:
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", server.port))
            plain.send(b"GET / HTTP/1.0\r\n\r\n")
            await server.until_connections(1)
            await server.until_connections(0)


async def test_a_refused_client_that_goes_on_sending_is_cut_off() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(b"nonsense\r\n")
        async with dripping(client, ENDLESS):
            assert (await client.answer()).status == 400
            await server.until_connections(0)


async def test_a_handler_that_does_not_answer_is_answered_for(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(GET + GET)
        first, second = await keeper.have(2)
        second.respond(Response(200))
        answer = await client.only_answer()
        assert (answer.status, answer.code) == (504, "answer_timeout")
        first.respond(Response(200))
    assert caplog.text == ""


def test_the_first_request_counts_from_the_connect() -> None:
    loose = Loose(echo, QUICK)
    loose.pass_time(QUICK.header_seconds * 0.75)
    loose.feed(b"G")
    loose.pass_time(QUICK.header_seconds * 0.25)
    assert answers(loose.transport.written)[0].status == 408


def test_a_last_answer_has_its_time_to_be_taken() -> None:
    loose = Loose(echo, replace(QUICK, drain_seconds=30))
    loose.feed(b"GET / HTTP/1.0\r\n\r\n")
    loose.connection.pause_writing()
    assert loose.transport.closed
    loose.pass_time(29)
    assert not aborted(loose)
    loose.pass_time(1)
    assert aborted(loose)


def aborted(loose: Loose) -> bool:
    return loose.transport.aborted


def test_an_answer_that_waits_for_its_reader_is_not_late(caplog: pytest.LogCaptureFixture) -> None:
    loose = Loose(keeper := Keeper(), replace(QUICK, drain_seconds=30))
    loose.feed(GET)
    loose.connection.pause_writing()
    keeper.requests[0].respond(Response(201))
    loose.pass_time(QUICK.answer_seconds)
    loose.connection.resume_writing()
    assert [answer.status for answer in answers(loose.transport.written)] == [201]
    assert caplog.text == ""


def test_waiting_for_a_handler_is_not_the_clients_slowness() -> None:
    loose = Loose(keeper := Keeper(), replace(QUICK, answer_seconds=100))
    loose.feed(GET + GET)
    for _ in range(50):
        loose.pass_time(1)
    for request in keeper.requests:
        request.respond(Response(200))
    assert [answer.status for answer in answers(loose.transport.written)] == [200, 200]
    assert not loose.transport.closed
    loose.pass_time(QUICK.keep_alive_seconds)
    assert loose.transport.closed


def test_a_request_in_many_pieces_has_its_whole_time() -> None:
    loose = Loose(echo, replace(QUICK, header_seconds=10, body_seconds=30))
    head, body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"123456789"
    for number in range(9):
        loose.feed(head[number * 6 : number * 6 + 6])
        loose.pass_time(1)
    for byte in body:
        loose.pass_time(3)
        loose.feed(bytes([byte]))
    assert answers(loose.transport.written)[0].status == 200
