"""Sends requests to other processes over pooled connections, and says of each failure whether anything may
have been done: the one HTTP client between processes.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...core.http import HttpAnswer, HttpClient, NoHttpAnswer, NotReached

if TYPE_CHECKING:
    import aiohttp

IDLE_S = 4.0
"""Less than any server keeps a connection (Node.js 5 s), so that a request seldom meets one that ends."""
AT_ONCE = 1_024
"""Connections; whoever has more calls than that under way has a bound of its own."""


class PooledClient(HttpClient):
    """One per process; connections open with the first call. aiohttp is imported there, in a thread: whoever
    calls nobody pays nothing, and the event loop does not wait for it.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        deadline_s: float,
        largest: int = 1 << 20,
    ) -> HttpAnswer:
        session = await self._opened()
        import aiohttp

        try:
            async with asyncio.timeout(deadline_s):
                sent = {"content-type": "application/json", **(headers or {})}
                async with session.request(
                    method, url, data=body, headers=sent, allow_redirects=False
                ) as answer:
                    content = await answer.content.read(largest + 1)
                    while not answer.content.at_eof() and len(content) <= largest:
                        content += await answer.content.read(largest)
        except aiohttp.ClientConnectorError as error:
            raise NotReached(f"{error.host}:{error.port} cannot be reached") from error
        except (OSError, TimeoutError, ValueError, aiohttp.ClientError) as error:
            raise NoHttpAnswer(f"no answer from {url}") from error
        if len(content) > largest:
            raise NoHttpAnswer(f"the answer of {url} is larger than {largest} bytes")
        return HttpAnswer(answer.status, content, answer.headers)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _opened(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                aiohttp = await asyncio.to_thread(importlib.import_module, "aiohttp")
                connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_S, limit=AT_ONCE)
                self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
            return self._session
