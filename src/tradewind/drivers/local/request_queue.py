"""Implements `core.request_queue.RequestQueueClient` over handlers of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ...core.clock import SystemClock
from ...core.request_queue import Ask, Handler, Kind, Malformed, Outcome, RequestQueueClient, Wire

NO_QUEUE = Outcome(Kind.DOWN, b"no service of this process takes from that queue", sent=False)
LATE = Outcome(Kind.TIMEOUT, b"no answer in time")


class LocalRequestQueue:
    """`queues`: the handlers of each queue. `wire` gives patterns, data and replies their form; `now` (ms
    since the epoch) is the clock of the deadlines. `beyond` has the queues that are not here.
    """

    def __init__(
        self,
        wire: Wire,
        queues: Mapping[str, Mapping[str, Handler]],
        now: Callable[[], int] | None = None,
        beyond: RequestQueueClient | None = None,
    ) -> None:
        self._wire, self._now, self._beyond = wire, now or SystemClock().now, beyond
        self._routes = {queue: wire.routes(handlers) for queue, handlers in queues.items()}
        self._calls = 0

    @property
    def up(self) -> bool:
        return self._beyond is None or self._beyond.up

    @property
    def missing(self) -> str:
        return "" if self._beyond is None else self._beyond.missing

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
        if self._beyond is not None and queue not in self._routes:
            self._beyond.call(queue, pattern, data, timeout_s, then, traceparent=traceparent)
            return
        loop = asyncio.get_running_loop()
        self._calls += 1
        call = _Call(self._wire, then)
        call.timer = loop.call_later(timeout_s, call.end, LATE)
        body = self._wire.pack_request(pattern, data, b"%d" % self._calls)
        deadline_ms = self._now() + int(timeout_s * 1_000)
        loop.call_soon(self._take, queue, body, call, traceparent, deadline_ms)

    def _take(self, queue: str, body: bytes, call: _Call, traceparent: str, deadline_ms: int) -> None:
        find, wire = self._routes.get(queue), self._wire
        if find is None:
            call.end(NO_QUEUE)
            return
        try:
            packet = wire.unpack_request(body)
        except Malformed as error:
            call.end(wire.unpack_reply(wire.pack_malformed(str(error), b'""')))
            return
        name, data = bytes(packet.id), bytes(packet.data)
        found = find(bytes(packet.pattern))
        if found is None:
            call.end(wire.unpack_reply(wire.pack_unknown(name)))
            return
        found[1](Ask(found[0], data, name, call.reply, deadline_ms=deadline_ms, traceparent=traceparent))


class _Call:
    """Ends once, by the answer or by its deadline."""

    __slots__ = ("_then", "_wire", "timer")

    def __init__(self, wire: Wire, then: Callable[[Outcome], None]) -> None:
        self._wire, self._then = wire, then
        self.timer: asyncio.TimerHandle | None = None

    def reply(self, ask: Ask, body: bytes, refused: bool) -> None:
        wire = self._wire
        packed = wire.pack_refusal(body, ask.name) if refused else wire.pack_answer(body, ask.name)
        # a handler may answer from inside the call
        asyncio.get_running_loop().call_soon(self.end, wire.unpack_reply(packed))

    def end(self, outcome: Outcome) -> None:
        timer, self.timer = self.timer, None
        if timer is not None:
            timer.cancel()
            self._then(outcome)
