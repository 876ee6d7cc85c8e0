"""What a handler sees of HTTP: a request that can be answered once, at once or later, and the answer.

Apart from the protocol so that a handler can be tested with no socket: call it, look at `request.answer`.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Protocol

import msgspec

logger = logging.getLogger("tradewind.http")


class Response(msgspec.Struct, frozen=True):
    """`headers` are extra ones: date, content-type, content-length and connection are written by the
    server.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"application/json"


class StreamedResponse(Response, frozen=True, kw_only=True):
    """`chunks` instead of a body: each leaves as it comes, the client's pace slows them down, and they are
    closed when the client has gone. For a server that streams; any other answers 500.
    """

    chunks: AsyncGenerator[bytes, None]


class Request(msgspec.Struct, eq=False):
    """`path` is as it was sent (percent-encoded ASCII, without the query); header names are lower-case.
    `chunks` is the body as it comes, where a server was told to stream it; `body` is empty then.
    """

    method: str
    path: str
    query: bytes = b""
    headers: dict[bytes, bytes] = {}
    body: bytes = b""
    client: str = ""
    keep_alive: bool = True
    http10: bool = False
    answer: Response | None = None
    due: float = math.inf
    expired: bool = False
    listener: Callable[[], None] | None = None
    chunks: AsyncGenerator[bytes, None] | None = None

    def respond(self, response: Response) -> None:
        """Answers, in the event-loop thread. The order of pipelined answers is kept; a client that has gone
        is no error.
        """
        if self.answer is None:
            self.answer = response
            if self.listener is not None:
                self.listener()
        elif not self.expired:
            logger.error(
                "a %s request was answered twice, with %d and %d",
                self.method,
                self.answer.status,
                response.status,
            )


Handler = Callable[[Request], None]


class BodyEnded(Exception):
    """The client has gone, or was refused, before its body was whole: nothing that is answered reaches it."""


class Server(Protocol):
    """What brings requests to a handler: `drivers.http.server.HttpServer`, or `drivers.http.streaming` for
    an API that streams.
    """

    port: int
    """Once started: the requested one, or the one that the system chose for port 0."""

    @property
    def connections(self) -> int: ...

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        """`shared`: other processes listen there too, and the system gives each connection to one of them."""

    async def stop(self, grace: float) -> None:
        """Returns when no connection is left; after `grace` seconds it breaks those that still wait for an
        answer.
        """


class NotReached(Exception):
    """There was no connection: certainly nothing was done."""


class NoHttpAnswer(Exception):
    """The request may have been done; the answer is missing, late or cut off."""


class HttpAnswer(msgspec.Struct, frozen=True):
    """`headers` are found by their names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class HttpClient(ABC):
    """What calls another process over HTTP: `drivers.http.client.PooledClient`, or a test's own."""

    @abstractmethod
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
        """One attempt, redirects not followed; an answer has `largest` bytes at the most. Errors: NotReached,
        NoHttpAnswer.
        """

    @abstractmethod
    async def close(self) -> None:
        """Ends all connections."""


class HttpTarget(msgspec.Struct, frozen=True):
    """Where a service answers over HTTP (`http://HOST:PORT`), and what reaches it there."""

    url: str
    client: HttpClient
