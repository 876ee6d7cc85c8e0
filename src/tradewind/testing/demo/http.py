"""An HTTP/1.1 client with many kept-alive connections, without a client library in the core install."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from ...runtime.local import decoded

CONNECT_S, IDLE = 5.0, 256
LOST = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


class Answer(msgspec.Struct, frozen=True):
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


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.kept = True

    def close(self) -> None:
        self._writer.close()

    async def ask(self, request: bytes, *, head: bool = False) -> Answer:
        self._writer.write(request)
        await self._writer.drain()
        status, headers = await self._head()
        while status < 200:
            status, headers = await self._head()
        if head or status in (204, 304):
            content = b""
        elif "chunked" in headers.get("transfer-encoding", ""):
            content = await self._chunks()
        elif "content-length" in headers:
            content = await self._reader.readexactly(int(headers["content-length"]))
        else:
            self.kept, content = False, await self._reader.read()
        self.kept = self.kept and headers.get("connection", "").lower() != "close"
        return Answer(status, headers, content)

    async def _head(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise BadAnswer("what answers there does not speak HTTP")
        return int(rest[:3]), {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }

    async def _chunks(self) -> bytes:
        content = b""
        while size := int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            content += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return content


class Http:
    """One place. A connection carries one request at a time; as many are opened as are needed at once."""

    def __init__(self, url: str) -> None:
        self._idle: list[_Connection] = []
        self._place: SplitResult = urlsplit(url)
        self.url = url

    def move(self, url: str) -> None:
        """The platform came back somewhere else."""
        self.close()
        self.url, self._place = url, urlsplit(url)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

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
        request = self._request(method, path, body, token, headers or {})
        connection = self._idle.pop() if self._idle else await self._connect()
        kept = False
        try:
            async with asyncio.timeout(seconds):
                answer = await connection.ask(request, head=method == "HEAD")
            kept = connection.kept and len(self._idle) < IDLE
        except ValueError as error:
            raise BadAnswer("what answers there does not speak HTTP") from error
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.close()
        return answer

    async def _connect(self) -> _Connection:
        place = self._place
        secure = place.scheme == "https"
        async with asyncio.timeout(CONNECT_S):
            port = place.port or (443 if secure else 80)
            return _Connection(*await asyncio.open_connection(place.hostname or "", port, ssl=secure or None))

    def _request(self, method: str, path: str, body: Any, token: str, headers: Mapping[str, str]) -> bytes:
        content = b"" if body is None else msgspec.json.encode(body)
        lines = [
            f"{method} {self._place.path.rstrip('/')}{path} HTTP/1.1",
            f"Host: {self._place.netloc.rpartition('@')[2]}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines.append("Content-Type: application/json")
        if method != "GET":
            lines.append(f"Content-Length: {len(content)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
