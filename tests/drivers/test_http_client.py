"""The client between processes keeps its connections, and an answer of any size or none costs a bound."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tradewind.core.http import NoHttpAnswer, Request, Response
from tradewind.drivers.http.client import PooledClient
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer


async def test_calls_share_a_connection_and_bring_what_was_said() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> None:
        seen.append(request)
        request.respond(Response(201, request.body))

    server, ours = HttpServer(answer, Limits()), PooledClient()
    await server.start("127.0.0.1", 0)
    for body in (b"1", b"2"):
        url = f"http://127.0.0.1:{server.port}/a%2Fb"
        told = await ours.call("POST", url, body, {"x-key": "k"}, deadline_s=5)
        assert (told.status, told.body) == (201, body)
    assert server.connections == 1
    assert [request.path for request in seen] == ["/a%2Fb"] * 2
    assert seen[0].headers[b"x-key"] == b"k"
    await ours.close()
    await server.stop(1.0)


async def test_an_answer_without_end_is_none() -> None:
    server, ours = (
        HttpServer(lambda request: request.respond(Response(200, b"x" * 5_000)), Limits()),
        PooledClient(),
    )
    await server.start("127.0.0.1", 0)
    with pytest.raises(NoHttpAnswer, match="larger than"):
        await ours.call("GET", f"http://127.0.0.1:{server.port}/", deadline_s=5, largest=1_000)
    await ours.close()
    await server.stop(1.0)


def test_a_process_that_calls_nobody_does_not_import_the_library() -> None:
    code = "import sys, tradewind.runtime.processes.service, tradewind.runtime.processes.fronts; sys.exit('aiohttp' in sys.modules or 'fpdf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
