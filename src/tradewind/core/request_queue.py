"""The port for requests over a queue, server and client half: bytes in, bytes out, a deadline. An API package
says what the bytes look like (`Wire`), a driver carries them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Kind(Enum):
    """ANSWER and REFUSED: the service has answered. TIMEOUT and DOWN: the outcome is unknown. BUSY: it was
    never sent.
    """

    ANSWER = "answer"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DOWN = "down"
    BUSY = "busy"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """How a call ended. `body` is raw JSON of the response (ANSWER) or of the error (REFUSED); else a short
    reason as text. `sent` is false where a call of kind DOWN was certainly not sent.
    """

    kind: Kind
    body: bytes
    sent: bool = True


class Malformed(Exception):
    """A message is no request. The text says why, in a few words without its content."""


class Packet(Protocol):
    """A request as it came: raw JSON; what is absent is empty."""

    @property
    def pattern(self) -> msgspec.Raw: ...
    @property
    def data(self) -> msgspec.Raw: ...
    @property
    def id(self) -> msgspec.Raw: ...


class Wire(Protocol):
    """What requests and replies look like. A module may be one. Everything is raw JSON; `name` is the id of
    the request as its caller spelled it.
    """

    @property
    def DEEPEST(self) -> int:
        """Arrays and objects in one another, in the data of a request."""
        ...

    @property
    def INTERNAL(self) -> bytes:
        """The error where a handler has failed."""
        ...

    @property
    def TOO_MUCH(self) -> bytes:
        """The error where too much is under way."""
        ...

    def pack_request(self, pattern: bytes, data: bytes, name: bytes, /) -> bytes: ...
    def unpack_request(self, body: bytes, /) -> Packet:
        """Errors: Malformed."""
        ...

    def too_deep(self, data: bytes, /) -> bool:
        """Whether `data` is nested deeper than DEEPEST."""
        ...

    def pack_answer(self, response: bytes, name: bytes, /) -> bytes: ...
    def pack_refusal(self, err: bytes, name: bytes, /) -> bytes: ...
    def pack_unknown(self, name: bytes, /) -> bytes:
        """The reply to a pattern that has no handler."""
        ...

    def pack_malformed(self, reason: str, name: bytes, /) -> bytes: ...
    def unpack_reply(self, body: bytes, /) -> Outcome: ...
    def routes(self, handlers: Mapping[str, T], /) -> Callable[[bytes], tuple[str, T] | None]:
        """Finds the name and the handler that a pattern means."""
        ...


class RequestQueueClient(Protocol):
    """The client half. Every call ends exactly once."""

    @property
    def up(self) -> bool: ...
    @property
    def missing(self) -> str:
        """Why it cannot be used now; empty where it can."""
        ...

    def call(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Callable[[Outcome], None],
        /,
        *,
        traceparent: str = "",
    ) -> None:
        """`then` is called once, from the loop, never from in here."""
        ...


class Ask:
    """One request at a service. `data` and `name` (the id, as the caller spelled it) are raw JSON;
    `received_at` is as `time.perf_counter` tells it; `reply` takes the answer, or the error with `refused`.
    """

    __slots__ = (
        "answered",
        "data",
        "deadline_ms",
        "name",
        "pattern",
        "place",
        "received_at",
        "redelivered",
        "reply",
        "traceparent",
    )

    def __init__(
        self,
        pattern: str,
        data: bytes,
        name: bytes,
        reply: Callable[[Ask, bytes, bool], None],
        *,
        deadline_ms: int = 0,
        traceparent: str = "",
        redelivered: bool = False,
        received_at: float = 0.0,
        place: Any = None,
    ) -> None:
        self.pattern, self.data, self.name, self.reply = pattern, data, name, reply
        self.deadline_ms, self.traceparent, self.redelivered, self.received_at = (
            deadline_ms,
            traceparent,
            redelivered,
            received_at,
        )
        self.place = place  # the driver's own reference to it
        self.answered = False

    @property
    def id(self) -> str:
        """The caller's id of this message, the same when it is delivered again."""
        name: object = msgspec.json.decode(self.name)
        return name if isinstance(name, str) else self.name.decode()

    def answer(self, response: bytes) -> None:
        """Raw JSON. Errors: RuntimeError where the request was answered or refused before."""
        self._reply(response, False)

    def refuse(self, err: bytes) -> None:
        """Raw JSON of the error. Errors: RuntimeError, as `answer`."""
        self._reply(err, True)

    def _reply(self, body: bytes, refused: bool) -> None:
        if self.answered:
            raise RuntimeError(f"a request for {self.pattern} was answered twice")
        self.answered = True
        self.reply(self, body, refused)


Handler = Callable[[Ask], None]
