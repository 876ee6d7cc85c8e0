"""An edge in the loop of the test, in front of small upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.edge.servers import Script, Upstream
from tradewind.core.clock import SystemClock
from tradewind.edge.reading import read
from tradewind.edge.server import EdgeServer

Start = Callable[..., Awaitable[int]]
FILE = """
_format_version: "3.0"
services:
  - name: orders
    url: ${UPSTREAM}
    routes:
      - name: api-orders
        paths: [/orders]
"""


class At(SystemClock):
    """A clock that a test sets."""

    seconds: float | None = None

    def now(self) -> int:
        return super().now() if self.seconds is None else int(self.seconds * 1000)


@pytest.fixture
def clock() -> At:
    return At()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    server = await Upstream().start()
    yield server
    await server.stop()


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[[Script], Awaitable[Upstream]]]:
    made: list[Upstream] = []

    async def make(script: Script) -> Upstream:
        made.append(await Upstream(script).start())
        return made[-1]

    yield make
    for server in made:
        await server.stop()


@pytest.fixture
async def edge(upstream: Upstream, clock: At) -> AsyncIterator[Start]:
    """Starts an edge with this file, `UPSTREAM` and other variables filled in; its port."""
    made: list[EdgeServer] = []

    async def start(text: str = FILE, **variables: str) -> int:
        declared = read(text, "kong.yml", {"UPSTREAM": upstream.url, **variables})
        made.append(EdgeServer(declared, clock))
        await made[-1].start("127.0.0.1", 0)
        return made[-1].port

    yield start
    for server in made:
        await server.stop(1.0)
