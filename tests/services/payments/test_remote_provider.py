"""What became of a call over the network is definite only where that is known: no connection, or an
answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.services.payments.shop import order
from tradewind.drivers.http.client import PooledClient
from tradewind.services.payments.provider.port import NoAnswer, ProviderDown, State
from tradewind.services.payments.provider.remote import RemoteProvider

OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b"
CHARGED = b'{"state":"CHARGED","charge_id":"ch_1"}'


@asynccontextmanager
async def serving(answer: bytes, timeout_s: float = 1.0) -> AsyncIterator[RemoteProvider]:
    """A provider that says this to everybody and hangs up; an empty one that only hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    provider = RemoteProvider(f"http://127.0.0.1:{port}", PooledClient(), timeout_s=timeout_s)
    try:
        yield provider
    finally:
        await provider.close()
        server.close()
        await server.wait_closed()


async def test_an_answer_is_definite() -> None:
    async with serving(OK % (len(CHARGED), CHARGED)) as provider:
        assert (await provider.find("pay-1")).state is State.CHARGED


async def test_without_a_connection_nothing_was_done() -> None:
    async with serving(b"") as provider:
        pass
    with pytest.raises(ProviderDown, match="cannot be reached"):
        await provider.charge(order("tok_ok"))
    await provider.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        OK % (100, CHARGED),
        OK % (2, b"{}"),
        b"HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}",
        b"hello\r\n\r\n",
    ],
)
async def test_what_is_no_answer_leaves_it_open(answer: bytes) -> None:
    async with serving(answer) as provider:
        with pytest.raises(NoAnswer):
            await provider.charge(order("tok_ok"))


async def test_nobody_is_waited_for_without_end() -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    provider = RemoteProvider(
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", PooledClient(), timeout_s=-2.9
    )
    with pytest.raises(NoAnswer):
        await provider.find("pay-1")
    await provider.close()
    await gone.wait()
    server.close()
    await server.wait_closed()
