"""The explorer works in a real browser, under its own policy and behind a prefix: it shows the operations, and
"try it out" reaches the API.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tradewind.apis.kernel.docs import api_pages
from tradewind.core.http import Request, Response
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PREFIX = "/shop"
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "servers": [{"url": "../"}],
    "paths": {
        "/api/things": {
            "get": {"tags": ["things"], "operationId": "list", "responses": {"200": {"description": "All."}}}
        }
    },
}
Run = Callable[[str], Awaitable[Any]]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@asynccontextmanager
async def browser(url: str, profile: Path) -> AsyncIterator[tuple[Run, list[str]]]:
    """Opens a page; gives what runs a script in it, and what its console says."""
    assert CHROMIUM is not None
    flags = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
    ]
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *flags,
        f"--user-data-dir={profile}",
        url,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(120), aiohttp.ClientSession() as session:
            while not (found := re.search(rb"ws://([^/]+)/", await process.stderr.readline())):
                pass
            async with session.get(f"http://{found[1].decode()}/json/list") as listed:
                pages = [target for target in await listed.json() if target["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                said: list[str] = []
                numbers = iter(range(1, 10_000))

                async def call(method: str, **params: Any) -> Any:
                    number = next(numbers)
                    await socket.send_json({"id": number, "method": method, "params": params})
                    while True:
                        told = await socket.receive_json()
                        if told.get("method") == "Log.entryAdded":
                            said.append(told["params"]["entry"]["text"])
                        if told.get("id") == number:
                            return told["result"]

                async def run(script: str) -> Any:
                    got = await call("Runtime.evaluate", expression=script, returnByValue=True)
                    return got["result"].get("value")

                await call("Log.enable")
                yield run, said
    finally:
        process.kill()
        await process.communicate()


async def until(run: Run, script: str) -> Any:
    while not (found := await run(script)):
        await asyncio.sleep(0.1)
    return found


async def test_try_it_out_sends_a_request_behind_a_prefix(tmp_path: Path) -> None:
    pages = api_pages(
        "Small", lambda: json.dumps(DOCUMENT).encode(), page="/api/docs", description="/api/docs-json"
    )
    asked: list[str] = []

    def answer(request: Request) -> None:
        page = pages.get(request.path.removeprefix(PREFIX)) if request.path.startswith(PREFIX) else None
        if page is None:
            asked.append(f"{request.method} {request.path}")
        request.respond(page(request) if page else Response(200, b'["it works"]'))

    server = HttpServer(answer, Limits())
    await server.start("127.0.0.1", 0)
    async with browser(f"http://127.0.0.1:{server.port}{PREFIX}/api/docs", tmp_path) as (run, said):
        await until(run, "!!document.querySelector('.opblock-summary-control')")
        await run("document.querySelector('.opblock-summary-control').click()")
        await until(run, "!!document.querySelector('button.execute')")
        await run("document.querySelector('button.execute').click()")
        shown = await until(run, "document.querySelector('.live-responses-table')?.innerText")
    await server.stop(1.0)
    assert f"GET {PREFIX}/api/things" in asked
    assert "it works" in shown
    assert [text for text in said if "Content Security Policy" in text] == []
