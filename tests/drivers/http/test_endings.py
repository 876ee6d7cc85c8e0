"""Clients that leave, servers that stop, and doors that are full or taken."""

import asyncio
import socket
from dataclasses import replace

import pytest

from tradewind.core.http import Response
from tradewind.drivers.http.server import HttpServer, PortInUse

from .loose import Loose
from .support import QUICK, Keeper, answers, echo, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"


@pytest.mark.parametrize("length", [0, 1, 20, 45, len(POST) - 1])
async def test_a_client_that_leaves_half_way_is_forgotten(length: int) -> None:
    keeper = Keeper()
    async with serving(keeper) as server:
        async with server.connect() as client:
            client.send(POST[:length])
            await server.until_connections(1)
        await server.until_connections(0)
        assert keeper.requests == []


async def test_an_answer_to_a_client_that_has_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with serving(keeper) as server:
        async with server.connect() as client:
            client.send(GET + GET + POST)
            await keeper.have(2)
        await server.until_connections(0)
        for request in keeper.requests:
            request.respond(Response(200, b"nobody is there"))
        assert len(keeper.requests) == 2
    assert caplog.text == ""


async def test_a_client_may_end_its_side_and_still_read() -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(GET + GET)
        client.writer.write_eof()
        for request in await keeper.have(2):
            request.respond(Response(200))
        first, second = answers(await client.rest())
        assert b"connection" not in first.headers
        assert second.headers[b"connection"] == b"close"


async def test_stop_lets_finish_what_is_under_way() -> None:
    keeper = Keeper()
    async with (
        serving(keeper) as server,
        server.connect() as waiting,
        server.connect() as idle,
        server.connect() as half,
    ):
        half.send(GET[:10])
        idle.send(GET)
        (await keeper.have(1))[0].respond(Response(200))
        assert b"connection" not in (await idle.answer()).headers
        waiting.send(GET + GET)
        await keeper.have(3)
        stopping = asyncio.create_task(server.stop(5))
        assert await idle.rest() == b""
        half.send(GET[10:])
        requests = await keeper.have(4)
        assert not stopping.done()
        for request in requests[1:]:
            request.respond(Response(200))
        first, second = answers(await waiting.rest())
        assert b"connection" not in first.headers
        assert second.headers[b"connection"] == b"close"
        assert (await half.only_answer()).headers[b"connection"] == b"close"
        await stopping
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", server.port)


def test_what_has_begun_when_the_server_stops_is_answered_too() -> None:
    loose = Loose(keeper := Keeper(), QUICK)
    loose.feed(GET + GET[:10])
    loose.shared.draining = True
    loose.connection.drain()
    keeper.requests[0].respond(Response(200))
    loose.feed(GET[10:])
    keeper.requests[1].respond(Response(200))
    first, second = answers(loose.transport.written)
    assert b"connection" not in first.headers
    assert second.headers[b"connection"] == b"close"
    assert loose.transport.closed


async def test_stop_has_an_end() -> None:
    keeper = Keeper()
    async with serving(keeper, replace(QUICK, answer_seconds=60)) as server, server.connect() as client:
        client.send(GET)
        (request,) = await keeper.have(1)
        await server.stop(0.1)
        await client.closed()
        request.respond(Response(200))
        await server.stop(0.1)


async def test_stop_before_start_is_nothing() -> None:
    await HttpServer(echo, QUICK).stop(1)


async def test_a_taken_port_has_a_name() -> None:
    async with serving(echo) as server:
        with pytest.raises(PortInUse, match=f"127.0.0.1:{server.port} is taken") as caught:
            await HttpServer(echo, QUICK).start("127.0.0.1", server.port)
        assert (caught.value.host, caught.value.port) == ("127.0.0.1", server.port)


async def test_another_error_at_the_start_keeps_its_name() -> None:
    with pytest.raises(OSError, match=r"."):
        await HttpServer(echo, QUICK).start("192.0.2.1", 0)


async def test_one_connection_too_many_is_told_so() -> None:
    async with (
        serving(echo, replace(QUICK, connections=2)) as server,
        server.connect() as first,
        server.connect(),
    ):
        await server.until_connections(2)
        async with server.connect() as third:
            answer = await third.only_answer()
            assert (answer.status, answer.code) == (503, "too_many_connections")
            assert answer.headers[b"retry-after"] == b"1"
        first.send(GET)
        assert (await first.answer()).status == 200


async def test_far_too_many_connections_are_broken_at_once() -> None:
    limits = replace(QUICK, connections=1, linger_seconds=60, header_seconds=60)
    async with serving(echo, limits) as server:
        plain = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(110)]
        await server.until_connections(101)
        async with server.connect() as late:
            await late.closed()
        for one in plain:
            one.close()


async def test_deadlines_are_watched_after_a_sweep_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def check(self, now: float) -> None:
            raise LookupError("once")

        def drain(self) -> None: ...
        def abort(self) -> None: ...

    async with serving(echo) as server, server.connect() as client:
        assert isinstance(server, HttpServer)
        broken = Broken()
        server._shared.connections.add(broken)
        asyncio.get_running_loop().call_later(0.05, server._shared.connections.discard, broken)
        assert await client.rest() == b""
    assert "once" in caplog.text
