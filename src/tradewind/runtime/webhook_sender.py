"""Delivers the sandbox provider's webhooks over real HTTP, as a provider would, without a client library in
the core install.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATH = "/webhooks/sandbox"
DEADLINE_S = 5.0


class WebhookSender:
    """`where` says host and port once the edge listens; until then nothing is delivered, and the provider
    tries again.
    """

    def __init__(self, where: Callable[[], tuple[str, int] | None]) -> None:
        self._where = where

    async def __call__(self, body: bytes, headers: dict[str, str]) -> bool:
        """True when the other side has taken it (2xx)."""
        place = self._where()
        if place is None:
            return False
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._post(*place, body, headers)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    async def _post(self, host: str, port: int, body: bytes, headers: dict[str, str]) -> bool:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            lines = [
                f"POST {PATH} HTTP/1.1",
                f"Host: {host}:{port}",
                "Content-Type: application/json",
                "Connection: close",
            ]
            lines += [
                f"Content-Length: {len(body)}",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            status = (await reader.readline()).split(b" ")
            return len(status) > 1 and status[1].startswith(b"2")
        finally:
            writer.close()
