"""Calls the methods of a process elsewhere over gRPC: one channel an address, and a new one where the first
call after a server's restart finds a dead connection.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from ...core.channel import TRACE
from ...core.rpc_methods import RpcFailed, Status
from .library import grpc

LONGEST_S = 5.0
OPTIONS = (
    ("grpc.enable_retries", 0),  # ours knows what may be said twice
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.use_local_subchannel_pool", 1),  # a new channel is a new connection
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_http_proxy", 0),
)


class GrpcClient:
    """`url` is HOST:PORT, or has a scheme: grpc or http, with TLS grpcs or https; `authority` is a file of
    certificates to trust then, instead of the system's. Errors: ValueError.
    """

    def __init__(self, url: str, *, authority: Path | None = None) -> None:
        parts = urlsplit(url if "://" in url else f"grpc://{url}")
        if parts.scheme not in ("grpc", "grpcs", "http", "https") or not parts.hostname or not parts.port:
            raise ValueError(
                f"{url!r} is no address of a gRPC server: write HOST:PORT, with TLS grpcs://HOST:PORT"
            )
        self._target = (
            f"[{parts.hostname}]:{parts.port}" if ":" in parts.hostname else f"{parts.hostname}:{parts.port}"
        )
        self._secure = parts.scheme in ("grpcs", "https")
        self._authority = authority
        self._channel: Any = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def call(self, path: str, body: bytes, *, deadline: int = 0, trace: str = "") -> bytes:
        until = deadline / 1_000 if deadline else time.time() + LONGEST_S
        channel = self._open()
        try:
            return await self._call(channel, path, body, until, trace)
        except RpcFailed as error:
            if error.status != "UNAVAILABLE":
                raise
            self._renew(channel)
            return await self._call(self._open(), path, body, until, trace)

    async def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _open(self) -> Any:
        """In the loop that calls."""
        if self._channel is None:
            self._channel = (
                grpc.aio.secure_channel(self._target, self._credentials(), OPTIONS)
                if self._secure
                else grpc.aio.insecure_channel(self._target, OPTIONS)
            )
        return self._channel

    def _credentials(self) -> Any:
        return grpc.ssl_channel_credentials(None if self._authority is None else self._authority.read_bytes())

    def _renew(self, channel: Any) -> None:
        """Calls that are under way on the old one come to their end."""
        if self._channel is channel:
            self._channel = None
            leaving = asyncio.get_running_loop().create_task(channel.close(LONGEST_S))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _call(self, channel: Any, path: str, body: bytes, until: float, trace: str) -> bytes:
        left = until - time.time()
        if left <= 0:
            raise RpcFailed("DEADLINE_EXCEEDED", "Its time is over.")
        metadata = ((TRACE, trace),) if trace else None
        try:
            reply: bytes = await channel.unary_unary(path)(body, timeout=left, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise RpcFailed(cast(Status, error.code().name), error.details() or "") from error
        return reply
