"""No request of one client reaches another's answer, whatever clients and upstreams do to their connections."""

from __future__ import annotations

import asyncio
import contextlib
import random

from tests.edge.conftest import FILE, At
from tests.edge.servers import Upstream, Visit, connect, ok
from tradewind.edge.reading import read
from tradewind.edge.server import EdgeServer

CLIENTS, REQUESTS = 24, 25
SEED = 7


def moody(chance: random.Random) -> Upstream:
    """Says the id of each request again, and breaks off, cuts short, says too much or answers early now and then."""

    async def script(visit: Visit) -> None:
        while (head := await visit.head()) is not None:
            mine = (head.header("x-id") or "").encode() * chance.randrange(1, 400)
            mood = chance.random()
            if mood < 0.05:
                return
            if mood < 0.1:  # early
                await visit.write(ok(mine, "Connection: close"))
                return
            await visit.reader.readexactly(int(head.header("content-length") or 0))
            if mood < 0.15:
                await visit.write(ok(mine)[: chance.randrange(1, 60 + len(mine))])
                return
            if mood < 0.2:
                await visit.write(ok(mine) + ok(b"of nobody"))
                continue
            if mood < 0.4:
                await asyncio.sleep(chance.random() / 100)
            await visit.write(ok(mine))

    return Upstream(script)


async def visit(port: int, number: int, chance: random.Random) -> int:
    """The whole answers that one client got; each must be its own."""
    whole = 0
    client = await connect(port)
    for turn in range(REQUESTS):
        mine = f"<{number}.{turn}>"
        body = b"x" * chance.choice((0, 10, 70_000))
        sent = (
            f"POST /orders HTTP/1.1\r\nHost: a\r\nX-Id: {mine}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        mood = chance.random()
        try:
            if mood < 0.1:  # leaves in the middle
                await client.send(sent[: chance.randrange(1, len(sent))])
                raise ConnectionError
            if mood < 0.2:  # leaves before the answer
                await client.send(sent)
                raise ConnectionError
            await client.send(sent)
            reply = await client.reply()
        except (ConnectionError, asyncio.IncompleteReadError):
            await client.close()
            client = await connect(port)
            continue
        assert reply.status in (200, 502)
        if reply.status == 200:
            assert set(reply.body.decode().replace("><", "> <").split()) == {mine}
            whole += 1
    await client.close()
    return whole


async def test_every_whole_answer_is_that_of_its_request() -> None:
    chance = random.Random(SEED)
    upstream = await moody(chance).start()
    server = EdgeServer(read(FILE, "kong.yml", {"UPSTREAM": upstream.url}), At())
    await server.start("127.0.0.1", 0)
    try:
        async with asyncio.timeout(60):
            found = await asyncio.gather(
                *(visit(server.port, number, random.Random(SEED + number)) for number in range(CLIENTS))
            )
        assert sum(found) > CLIENTS * REQUESTS / 2
        client = await connect(server.port)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await client.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await client.reply()).status == 404
        await client.close()
    finally:
        await server.stop(1.0)
        await upstream.stop()
    assert server.connections == 0
