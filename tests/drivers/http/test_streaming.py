"""Bodies that are streamed in both directions, at the pace of who reads them, and ended when a side leaves."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from tradewind.core.http import BodyEnded, Request, Response, StreamedResponse
from tradewind.drivers.http.server import HttpServer, PortInUse
from tradewind.drivers.http.streaming import StreamingServer

from .support import PATIENCE, QUICK, Keeper, OwnServer, answers, echo, serving

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENT = replace(
    QUICK, header_seconds=10, body_seconds=10, keep_alive_seconds=10, answer_seconds=10, drain_seconds=10
)
"""For tests that are not about time."""
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Source:
    """Chunks that a test gives one by one."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            while (chunk := await self.given.get()) is not None:
                yield chunk
        finally:
            self.closed.set()

    def answer(self, request: Request) -> None:
        request.respond(StreamedResponse(200, chunks=self.chunks(), content_type=b"text/event-stream"))


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE):
        await event.wait()


async def test_an_answer_leaves_piece_by_piece_and_the_connection_is_kept() -> None:
    source = Source()
    async with serving(source.answer, PATIENT) as server, server.connect() as client:
        client.send(GET)
        source.given.put_nowait(b"data: 1\n\n")
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert b"content-type: text/event-stream\r\n" in head and b"content-length" not in head
        assert await client.reader.readuntil(b"1\n\n\r\n") == b"9\r\ndata: 1\n\n\r\n"
        source.given.put_nowait(b"end")
        source.given.put_nowait(None)
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"3\r\nend\r\n0\r\n\r\n"
        await soon(source.closed)
        client.send(GET)
        source.given.put_nowait(None)
        assert b"200 OK" in await client.reader.readuntil(b"\r\n\r\n")


async def test_a_long_stream_outlives_the_time_of_an_answer() -> None:
    source = Source()
    async with (
        serving(source.answer, replace(QUICK, answer_seconds=0.05)) as server,
        server.connect() as client,
    ):
        client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.5)  # longer than each of the times of QUICK
        source.given.put_nowait(b"late")
        assert await client.reader.readuntil(b"late\r\n") == b"4\r\nlate\r\n"


async def test_a_stream_ends_with_its_client() -> None:
    source = Source()
    async with serving(source.answer, PATIENT) as server:
        async with server.connect() as client:
            client.send(GET)
            await client.reader.readuntil(b"\r\n\r\n")
        await soon(source.closed)
        await server.until_connections(0)


async def test_a_stream_waits_for_a_client_that_reads_slowly() -> None:
    sent = 0

    async def chunks() -> AsyncGenerator[bytes, None]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield bytes(100_000)

    def answer(request: Request) -> None:
        request.respond(StreamedResponse(200, chunks=chunks()))

    async with (
        serving(answer, replace(QUICK, drain_seconds=60)) as server,
        server.connect(limit=1_000) as client,
    ):
        client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        seen = -1
        async with asyncio.timeout(PATIENCE):
            while seen != sent:
                seen = sent
                await asyncio.sleep(0.2)
        assert sent < 200, "what nobody reads is not made"


async def test_a_stream_that_nobody_reads_is_broken() -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        while True:
            yield bytes(100_000)

    def answer(request: Request) -> None:
        request.respond(StreamedResponse(200, chunks=chunks()))

    async with serving(answer) as server, server.connect(limit=1_000) as client:
        client.send(GET)
        await server.until_connections(1)
        await server.until_connections(0)


async def test_a_stream_that_fails_is_cut_off_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"half"
        raise LookupError("no more of it")

    def answer(request: Request) -> None:
        request.respond(StreamedResponse(200, chunks=chunks()))

    async with serving(answer, PATIENT) as server, server.connect() as client:
        client.send(GET)
        with caplog.at_level(logging.ERROR, "tradewind.http"):
            await client.closed()
    assert "no more of it" in caplog.text


async def test_head_of_a_stream_has_no_body() -> None:
    source = Source()
    async with serving(source.answer, PATIENT) as server, server.connect() as client:
        client.send(GET.replace(b"GET", b"HEAD"))
        assert (await client.answer(head_only=True)).status == 200
        client.send(GET)
        source.given.put_nowait(b"x")
        assert (await client.reader.readuntil(b"x\r\n")).endswith(b"1\r\nx\r\n")


async def test_a_server_that_does_not_stream_says_so(caplog: pytest.LogCaptureFixture) -> None:
    source = Source()
    ours = OwnServer(source.answer, QUICK)
    await ours.start("127.0.0.1", 0)
    try:
        assert (await ours.ask(GET)).status == 500
    finally:
        await ours.stop(0)
    assert "does not stream" in caplog.text


class Taking:
    """A handler that reads a body while it comes, and answers with its size."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.error: BaseException | None = None

    def __call__(self, request: Request) -> None:
        assert request.chunks is not None and request.body == b""
        self.tasks.append(asyncio.get_running_loop().create_task(self._take(request)))

    async def _take(self, request: Request) -> None:
        assert request.chunks is not None
        try:
            async for piece in request.chunks:
                self.pieces.append(piece)
            request.respond(Response(200, b"%d" % sum(map(len, self.pieces))))
        except BodyEnded as error:
            self.error = error
        finally:
            self.ended.set()

    async def has(self, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while b"".join(self.pieces) != data:
                await asyncio.sleep(0.005)


def every(request: Request) -> bool:
    return True


async def test_a_body_is_handed_on_while_it_comes() -> None:
    taking = Taking()
    async with serving(taking, PATIENT, streams=every) as server, server.connect() as client:
        client.send(CHUNKED + b"3\r\nabc\r\n")
        await taking.has(b"abc")
        client.send(b"2\r\nde\r\n0\r\n\r\n")
        assert (await client.answer()).body == b"5"


async def test_a_body_waits_for_a_handler_that_reads_slowly() -> None:
    keeper = Keeper()
    limits = replace(PATIENT, body_bytes=1 << 30, body_seconds=1.0)
    async with serving(keeper, limits, streams=every) as server, server.connect() as client:
        client.send(CHUNKED)
        (request,) = await keeper.have(1)
        size = 0
        chunk = b"186a0\r\n" + bytes(100_000) + b"\r\n"
        while size < 100_000_000:
            client.send(chunk)
            size += len(chunk)
            try:
                async with asyncio.timeout(0.3):
                    await client.writer.drain()
            except TimeoutError:
                break
        assert size < 50_000_000, "what nobody reads is not taken in"
        await asyncio.sleep(1.5)
        assert server.connections == 1, "and that is not the client's slowness"
        request.respond(Response(413))
        assert (await client.answer()).headers[b"connection"] == b"close"


@pytest.mark.parametrize("limits", [replace(PATIENT, body_seconds=0.2), PATIENT])
async def test_a_body_that_ends_early_is_an_error_for_its_handler(limits: object) -> None:
    taking = Taking()
    async with serving(taking, limits, streams=every) as server:  # type: ignore[arg-type]
        async with server.connect() as client:
            client.send(CHUNKED + b"3\r\nabc\r\n")
            await taking.has(b"abc")
            if limits is not PATIENT:  # nothing more comes, in time
                assert (await client.only_answer()).status == 408
        await soon(taking.ended)
    assert isinstance(taking.error, BodyEnded)


async def test_a_body_past_its_limit_is_refused_while_it_comes() -> None:
    taking = Taking()
    async with (
        serving(taking, replace(PATIENT, body_bytes=4), streams=every) as server,
        server.connect() as client,
    ):
        client.send(CHUNKED + b"3\r\nabc\r\n")
        await taking.has(b"abc")
        client.send(b"2\r\nde\r\n0\r\n\r\n")
        assert (await client.only_answer()).status == 413
        await soon(taking.ended)
    assert isinstance(taking.error, BodyEnded)


async def test_requests_of_one_connection_are_handled_one_by_one_in_their_order() -> None:
    keeper = Keeper()
    async with serving(keeper, PATIENT) as server, server.connect() as client:
        client.send(GET + GET.replace(b"/a", b"/b") + b"garbage\r\n\r\n")
        (first,) = await keeper.have(1)
        first.respond(Response(201))
        _, second = await keeper.have(2)
        second.respond(Response(202))
        assert [answer.status for answer in answers(await client.rest())] == [201, 202, 400]


async def test_stop_lets_finish_and_says_which_answer_is_the_last() -> None:
    keeper = Keeper()
    async with serving(keeper, PATIENT) as server, server.connect() as waiting, server.connect() as idle:
        idle.send(GET)
        (await keeper.have(1))[0].respond(Response(200))
        await idle.answer()
        waiting.send(GET)
        (_, request) = await keeper.have(2)
        stopping = asyncio.create_task(server.stop(5))
        assert await idle.rest() == b""
        assert not stopping.done()
        request.respond(Response(200))
        assert (await waiting.only_answer()).headers[b"connection"] == b"close"
        await stopping
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", server.port)


async def test_stop_breaks_a_stream_after_its_time() -> None:
    source = Source()
    async with serving(source.answer, PATIENT) as server, server.connect() as client:
        client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        await server.stop(0.1)
        await client.closed()
        await soon(source.closed)


async def test_a_client_that_has_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with serving(keeper, PATIENT) as server:
        async with server.connect() as client:
            client.send(GET)
            (request,) = await keeper.have(1)
        await server.until_connections(0)
        request.respond(Response(200, b"nobody is there"))
    assert caplog.text == ""


async def test_a_client_may_end_its_side_and_read_on() -> None:
    keeper = Keeper()
    async with serving(keeper, PATIENT) as server, server.connect() as client:
        client.send(GET)
        client.writer.write_eof()
        (await keeper.have(1))[0].respond(Response(200))
        assert (await client.only_answer()).headers[b"connection"] == b"close"


async def test_a_handler_without_an_answer_is_answered_for() -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(GET)
        answer = await client.only_answer()
        assert (answer.status, answer.code) == (504, "answer_timeout")


async def test_a_taken_port_has_the_same_name() -> None:
    async with serving(echo) as server:
        with pytest.raises(PortInUse, match=f"127.0.0.1:{server.port} is taken"):
            await StreamingServer(echo, QUICK).start("127.0.0.1", server.port)
    await StreamingServer(echo, QUICK).stop(1)
    await HttpServer(echo, QUICK).stop(1)
