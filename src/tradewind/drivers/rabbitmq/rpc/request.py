"""One request at a service, apart from the server so that a handler can be tested with no broker."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .window import Place
from .wire import pack_answer, pack_refusal


class Ask:
    """`data` and `name` (the id, as the caller spelled it) are raw JSON; `received_at` is as
    `time.perf_counter` tells it; `reply` takes the packet.
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
        reply: Callable[[Ask, bytes], None],
        *,
        deadline_ms: int = 0,
        traceparent: str = "",
        redelivered: bool = False,
        received_at: float = 0.0,
        place: Place | None = None,
    ) -> None:
        self.pattern, self.data, self.name, self.reply = pattern, data, name, reply
        self.deadline_ms, self.traceparent, self.redelivered, self.received_at = (
            deadline_ms,
            traceparent,
            redelivered,
            received_at,
        )
        self.place = place  # what the server knows it by
        self.answered = False

    @property
    def id(self) -> str:
        """The caller's id of this message, the same when it is delivered again."""
        name: object = msgspec.json.decode(self.name)
        return name if isinstance(name, str) else self.name.decode()

    def answer(self, response: bytes) -> None:
        """Raw JSON. Errors: RuntimeError where the request was answered or refused before."""
        self._reply(pack_answer(response, self.name))

    def refuse(self, err: bytes) -> None:
        """Raw JSON of what a NestJS service would have thrown as RpcException. Errors: RuntimeError, as
        `answer`.
        """
        self._reply(pack_refusal(err, self.name))

    def _reply(self, packet: bytes) -> None:
        if self.answered:
            raise RuntimeError(f"a request for {self.pattern} was answered twice")
        self.answered = True
        self.reply(self, packet)
