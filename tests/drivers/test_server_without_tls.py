"""A URL that asks for TLS and a PostgreSQL that has none: the message says what to do."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tradewind.drivers import explain


async def _no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(8)  # SSLRequest
    writer.write(b"N")
    await writer.drain()
    writer.close()


async def test_the_message_says_what_to_do() -> None:
    async with await asyncio.start_server(_no_tls, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError) as refused:
            await asyncpg.connect(f"postgresql://me@127.0.0.1:{port}/shop?sslmode=require", timeout=30)
    said = explain.postgres(refused.value)
    assert "the server has no TLS" in said and "sslmode=disable" in said
    assert "start PostgreSQL" not in said
