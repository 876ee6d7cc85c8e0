"""Sends requests to services over a queue and takes their replies directly (RabbitMQ's direct reply-to), with
one callback per call.

Every call ends exactly once: answered, refused, too late, unknown because the broker was lost, or never sent.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable
from functools import partial
from typing import Final

from ....core.clock import SystemClock
from ....core.request_queue import Kind, Outcome, Wire
from ..amqp.errors import LinkDown, LinkFull
from ..amqp.fields import asking
from ..amqp.link import Link
from ..amqp.messages import Delivery, Limits
from ..amqp.properties import Packed, Properties
from .addresses import DIRECT
from .counts import Calls
from .headers import DEADLINE, TRACE

COARSE_S: Final = 0.01
"""Timeouts are looked for at most so often, so one is up to this late and never early."""
RETURNS: Final = 1024
"""Messages whose return can still be matched: an absent queue shows within a few milliseconds, and each costs
memory.
"""

AGAIN_S: Final = 0.2
"""After which a request whose queue is missing is sent again: its service may be starting."""
MISSING_S: Final = 3.0
"""How long it is: a breaker must see failures within its window, so not to every deadline."""

Then = Callable[[Outcome], None]
logger = logging.getLogger("tradewind.rpc")


class RpcClient:
    """`in_flight` bounds the calls under way. `clock` is ms since the epoch, for the deadline that a message
    carries.
    """

    def __init__(
        self,
        url: str,
        wire: Wire,
        *,
        name: str,
        in_flight: int = 4096,
        limits: Limits | None = None,
        clock: Callable[[], int] | None = None,
        random: random.Random | None = None,
    ) -> None:
        system = SystemClock()
        self._pack, self._unpack = wire.pack_request, wire.unpack_reply
        self._link = Link(
            url, name=name, setup=self._listen, limits=limits or Limits(outstanding=RETURNS), random=random
        )
        self._link.on_down.append(self._lost)
        self._clock = clock or system.now
        # so that no answer to an earlier process is taken for ours
        self._prefix = f"{(random or system.random).getrandbits(64):016x}-"
        self._count = 0
        self._most = in_flight
        self._pending: dict[str, tuple[Then, float]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = math.inf
        self.calls = Calls()

    @property
    def link(self) -> Link:
        """The connections, for metrics and readiness."""
        return self._link

    @property
    def up(self) -> bool:
        return self._link.up

    @property
    def missing(self) -> str:
        """Why it cannot be used now; empty where it can."""
        return self._link.missing

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._pending)

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """As `Link.start`. Errors: BrokerUnusable."""
        self._loop = asyncio.get_running_loop()
        await self._link.start(timeout_s, patient=patient)

    async def stop(self) -> None:
        """Calls under way end as DOWN; wait for them before, if they matter."""
        await self._link.stop()
        self._lost("stopped")
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None

    def call(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Then,
        /,
        *,
        traceparent: str = "",
    ) -> None:
        """Asks. `pattern` and `data` are JSON, spliced into the message as they are.

        `then` is called once, from the loop, never from in here. A request that was not taken from its queue
        in time is dropped there. Errors: ValueError for a message that is larger than a link may send.
        """
        loop = self._loop
        if loop is None:
            raise RuntimeError("call before start, or after stop")
        calls, pending = self.calls, self._pending
        calls.started += 1
        if len(pending) >= self._most:
            return self._end_soon(loop, then, Outcome(Kind.BUSY, b"too many calls are under way"))
        patience = int(timeout_s * 1000)
        if patience <= 0:
            return self._end_soon(loop, then, Outcome(Kind.TIMEOUT, b"no time was left"))
        self._count += 1
        name = f"{self._prefix}{self._count:x}"
        deadline = self._clock() + patience
        properties: Properties | Packed
        if traceparent:
            headers = {DEADLINE: deadline, TRACE: traceparent}
            properties = Properties(
                correlation_id=name, reply_to=DIRECT, expiration=str(patience), headers=headers
            )
        else:
            properties = asking(name, DIRECT, str(patience), DEADLINE, deadline)
        try:
            self._link.publish(
                "",
                queue,
                self._pack(pattern, data, name.encode()),
                properties,
                mandatory=True,
                returned=partial(self._returned, name, queue, pattern, data, traceparent, 0.0),
            )
        except LinkDown:
            return self._end_soon(
                loop, then, Outcome(Kind.DOWN, f"not sent: {self._link.missing}".encode(), False)
            )
        except LinkFull:
            kind = Kind.DOWN if self._link.blocked else Kind.BUSY
            return self._end_soon(
                loop,
                then,
                Outcome(kind, f"not sent: {self._link.missing or 'too much is under way'}".encode(), False),
            )
        due = loop.time() + timeout_s
        pending[name] = (then, due)
        if due < self._next:
            self._wake(loop, due)
        return None

    async def _listen(self, link: Link) -> None:
        await link.consume(DIRECT, self._heard, no_ack=True)

    def _heard(self, delivery: Delivery) -> None:
        found = self._pending.pop(delivery.correlation_id, None)
        if found is None:
            self.calls.late += 1
        else:
            self._end(found[0], self._unpack(delivery.body))

    def _returned(
        self, name: str, queue: str, pattern: bytes, data: bytes, traceparent: str, until: float, reason: str
    ) -> None:
        """No such queue. It waits for one to its deadline, or until MISSING_S after it first came back."""
        loop, found = self._loop, self._pending.get(name)
        if found is None or loop is None:
            return
        until = until or min(found[1], loop.time() + MISSING_S)
        if loop.time() + AGAIN_S >= until:
            del self._pending[name]
            self._end(found[0], Outcome(Kind.DOWN, reason.encode(), False))
        else:
            loop.call_later(AGAIN_S, self._again, name, queue, pattern, data, traceparent, until)

    def _again(
        self, name: str, queue: str, pattern: bytes, data: bytes, traceparent: str, until: float
    ) -> None:
        loop, found = self._loop, self._pending.get(name)
        if found is None or loop is None:
            return
        patience = int((found[1] - loop.time()) * 1000)
        headers = {DEADLINE: self._clock() + patience, **({TRACE: traceparent} if traceparent else {})}
        properties = Properties(
            correlation_id=name, reply_to=DIRECT, expiration=str(max(patience, 1)), headers=headers
        )
        returned = partial(self._returned, name, queue, pattern, data, traceparent, until)
        body = self._pack(pattern, data, name.encode())
        try:
            self._link.publish("", queue, body, properties, mandatory=True, returned=returned)
        except (LinkDown, LinkFull):
            del self._pending[name]
            self._end(found[0], Outcome(Kind.DOWN, f"not sent: {self._link.missing}".encode(), False))

    def _lost(self, reason: str) -> None:
        pending, self._pending = self._pending, {}
        outcome = Outcome(Kind.DOWN, f"connection lost, outcome unknown: {reason}".encode())
        for then, _ in pending.values():
            self._end(then, outcome)

    def _wake(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next, self._timer = due, loop.call_at(due, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends what is due. The one timer runs for the call that was due first when it was set, so this is
        rare.
        """
        self._timer, self._next = None, math.inf
        now = loop.time()
        over = [name for name, (_, due) in self._pending.items() if due <= now]
        for name in over:
            if (found := self._pending.pop(name, None)) is not None:
                self._end(found[0], Outcome(Kind.TIMEOUT, b"no answer in time"))
        if self._pending:
            soonest = min([due for _, due in self._pending.values()])
            if soonest < self._next:
                self._wake(loop, max(soonest, now + COARSE_S))

    def _end_soon(self, loop: asyncio.AbstractEventLoop, then: Then, outcome: Outcome) -> None:
        loop.call_soon(self._end, then, outcome)

    def _end(self, then: Then, outcome: Outcome) -> None:
        calls, kind = self.calls, outcome.kind
        if kind is Kind.ANSWER:
            calls.answer += 1
        elif kind is Kind.REFUSED:
            calls.refused += 1
        elif kind is Kind.TIMEOUT:
            calls.timeout += 1
        elif kind is Kind.DOWN:
            calls.down += 1
        else:
            calls.busy += 1
        try:
            then(outcome)
        except Exception:  # a caller's bug must not stop the reader of all replies
            logger.exception("what came after a call has failed")
