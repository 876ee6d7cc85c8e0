"""Calls HTTP handlers of this process as if they were elsewhere, so that an API need not know where a service
runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from ...core.http import Handler, HttpAnswer, HttpClient, NoHttpAnswer, NotReached, Request


class LocalHttpClient(HttpClient):
    """`handlers` by the host of the URL."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = dict(handlers)

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
        parts = urlsplit(url)
        handler = self._handlers.get(parts.hostname or "")
        if handler is None:
            raise NotReached(f"{parts.hostname} is not here")
        sent = {"content-type": "application/json", **(headers or {})}
        came = asyncio.Event()
        request = Request(
            method,
            parts.path,
            parts.query.encode(),
            {name.lower().encode(): value.encode("latin-1") for name, value in sent.items()},
            body,
            listener=came.set,
        )
        handler(request)
        try:
            async with asyncio.timeout(deadline_s):
                await came.wait()
        except TimeoutError:
            raise NoHttpAnswer(f"no answer from {url}") from None
        answer = request.answer
        assert answer is not None
        known = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
        if len(answer.body) > largest:
            raise NoHttpAnswer(f"the answer of {url} is larger than {largest} bytes")
        return HttpAnswer(answer.status, answer.body, known)

    async def close(self) -> None: ...
