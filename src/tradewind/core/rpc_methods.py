"""The port for remote procedure calls (gRPC), server and client half: bytes in, bytes out, a deadline. An API
package says what the bytes are, a driver carries them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

Status: TypeAlias = Literal[
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]


class RpcFailed(Exception):
    """A call that has no reply. The text is for the caller: no host, no stack, no SQL."""

    def __init__(self, status: Status, says: str) -> None:
        super().__init__(says)
        self.status, self.says = status, says


class RpcCall(msgspec.Struct, frozen=True, gc=False):
    """One call at a server. `deadline` is in ms since the epoch, never 0; `trace` is a `traceparent`, or
    empty.
    """

    body: bytes
    deadline: int
    trace: str = ""


Method: TypeAlias = Callable[[RpcCall], Awaitable[bytes]]
"""Errors: RpcFailed; any other is INTERNAL for the caller, and logged."""


class RpcService(msgspec.Struct, frozen=True, kw_only=True):
    """A service under its published name, with its methods. Reflection shows the messages that its package
    has made of the published description.
    """

    name: str
    methods: Mapping[str, Method]


class RpcClient(Protocol):
    """The client half, to one address."""

    async def call(self, path: str, body: bytes, *, deadline: int = 0, trace: str = "") -> bytes:
        """`path` is `/package.Service/Method`. What is UNAVAILABLE is tried once more, on a new connection,
        as a read may be. Errors: RpcFailed.
        """
        ...

    async def close(self) -> None: ...
