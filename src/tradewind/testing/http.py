"""The HTTP client of what plays traffic against a running platform: each answer with its headers, each
failure in the same words.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from ..runtime.local import decoded

CONNECT_S = 5.0
LOST = (OSError, TimeoutError, aiohttp.ClientError)


class Answer(msgspec.Struct, frozen=True):
    """Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return decoded(self.content)

    @property
    def code(self) -> str:
        """Of a problem; else the status."""
        body = self.body if self.status >= 400 else None
        return str(body.get("code", self.status)) if isinstance(body, dict) else str(self.status)


class BadAnswer(ConnectionError):
    """What came back is not HTTP."""


class Http:
    """One place. As many connections are opened as are needed at once, and kept."""

    def __init__(self, url: str) -> None:
        self._session: aiohttp.ClientSession | None = None
        self.url = url

    async def move(self, url: str) -> None:
        """The platform came back somewhere else."""
        await self.close()
        self.url = url

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        seconds: float = 15.0,
    ) -> Answer:
        """Errors: those of LOST. The request may have been carried out then, or not."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            content, sent["Content-Type"] = msgspec.json.encode(body), "application/json"
        url = self.url.rstrip("/") + path
        try:
            async with (
                asyncio.timeout(seconds),
                self._open().request(
                    method, url, data=content, headers=sent, allow_redirects=False
                ) as answer,
            ):
                found = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, found, await answer.read())
        except (aiohttp.ClientResponseError, ValueError) as error:
            raise BadAnswer("what answers there does not speak HTTP") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def reason(error: BaseException, seconds: float) -> str:
    """Of a request that had no answer within `seconds`: in the same words each time, so that they can be
    counted.
    """
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    match cause:
        case BadAnswer():
            return str(cause)
        case TimeoutError():
            return f"no answer within {seconds:g} s"
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "no such host"
        case ConnectionError() | aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return "hung up"
    return type(error).__name__
