"""Takes the requests of one queue and lets nothing that comes stop it: whatever a message is, it ends
answered, parked or too late.

A request is acked once its answer was handed to the broker, so what a killed process had not answered is
delivered again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any, Final

from ....core.clock import SystemClock
from ....core.request_queue import Ask, Handler, Malformed, Wire
from ..amqp.errors import LinkDown
from ..amqp.link import Link
from ..amqp.messages import Delivery, Limits, QueueState
from .addresses import reachable
from .counts import Taken
from .headers import notes
from .rejected import Park, RejectedRequests
from .replies import Replies
from .window import Window

STEP_S: Final = 0.005
Observe = Callable[[str, str, float], None]
logger = logging.getLogger("tradewind.rpc")


class RpcServer:
    """One queue, one set of handlers, three links: for requests, for replies, for the first reply to a new
    address.

    `handlers` are by name (`create_order` answers `{"cmd":"create_order"}`), called from the loop; each must
    answer or refuse its Ask once. `queue_arguments`: NestJS declares none, and a queue that has others cannot
    be shared with it. `park` takes what has no sender to be informed, with its reason. `clock` is ms since
    the epoch. `observe` is called for every reply: its pattern (`unknown` for one that has no handler),
    `answer` or `refused`, and the seconds since the delivery.
    """

    def __init__(
        self,
        url: str,
        queue: str,
        handlers: Mapping[str, Handler],
        wire: Wire,
        *,
        name: str,
        prefetch: int = 512,
        queue_arguments: dict[str, Any] | None = None,
        park: Park | None = None,
        limits: Limits | None = None,
        clock: Callable[[], int] | None = None,
        observe: Observe | None = None,
    ) -> None:
        self.queue = queue
        self._observe = observe or _nobody
        self.taken = Taken()
        self._wire, self._find = wire, wire.routes(handlers)
        self._prefetch, self._arguments = prefetch, queue_arguments
        self._clock = clock or SystemClock().now
        limits = limits or Limits()
        self._largest = limits.message_bytes
        self._link = Link(url, name=f"{name} takes", setup=self._subscribe, limits=limits)
        self._link.on_down.append(self._lost)
        self._answers = Link(url, name=f"{name} answers", limits=limits)
        self._proofs = Link(url, name=f"{name} proves", confirms=True, limits=limits)
        self._replies = Replies(self._answers, self._proofs)
        self._aside = RejectedRequests(self._link, wire, self._replies, park, self.taken)
        self._window = Window(self._link, prefetch // 4)
        self._most = (
            4 * prefetch
        )  # handlers at work: more than the prefetch only where links break while they are
        self._open = 0
        self._consumer = ""
        self._draining = False

    @property
    def links(self) -> dict[str, Link]:
        """The links for requests and replies, for metrics and readiness."""
        return {f"{self.queue} in": self._link, f"{self.queue} answers": self._answers}

    @property
    def up(self) -> bool:
        return self._link.up and self._answers.up

    @property
    def missing(self) -> str:
        """Why it takes no requests now; empty where it does."""
        return self._link.missing or self._answers.missing

    @property
    def in_flight(self) -> int:
        """Requests that are not answered yet."""
        return self._open

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """Declares the queue and takes requests; as `Link.start`. Errors: BrokerUnusable."""
        try:
            for link in (self._answers, self._proofs, self._link):
                await link.start(timeout_s, patient=patient)
        except BaseException:
            for link in (self._answers, self._proofs):
                await link.stop(0)
            raise

    async def drain(self, grace_s: float) -> bool:
        """Takes no more and waits up to `grace_s` for what is under way. Was everything answered? What was
        not is delivered again.
        """
        self._draining = True
        try:
            async with asyncio.timeout(grace_s):
                if self._consumer and self._link.up:
                    await self._link.cancel(self._consumer)
                while self._open or self._replies.waiting:  # noqa: ASYNC110  once in a life: no event is worth its place on the hot path
                    await asyncio.sleep(STEP_S)
        except (TimeoutError, LinkDown):
            return not self._open and not self._replies.waiting
        return True

    async def stop(self, grace_s: float = 5.0) -> None:
        """Closes the links, that of the replies first: no request is acknowledged whose reply was not
        written.
        """
        self._draining = True
        await self._answers.stop(grace_s)
        await self._proofs.stop(grace_s)
        self._replies.close()
        self._window.flush()
        await self._link.stop(grace_s)

    async def state(self) -> QueueState:
        """What waits in the queue, and how many take from it, all its servers together. Errors: LinkDown."""
        return await self._link.declare_queue(self.queue, passive=True)

    async def _subscribe(self, link: Link) -> None:
        self._lost("")  # a connection that was lost before it was set up reports nothing
        window = self._window = Window(link, self._prefetch // 4)
        await link.declare_queue(self.queue, durable=True, arguments=self._arguments)
        await link.qos(self._prefetch)
        if not self._draining:
            self._consumer = await link.consume(self.queue, partial(self._take, window))

    def _lost(self, _reason: str) -> None:
        """Whatever was not acked comes again, so its answers need not wait."""
        self._window.stale = True
        self._consumer = ""
        self._replies.forget()

    def _take(self, window: Window, delivery: Delivery) -> None:
        try:
            self._read(window, delivery)
        except Malformed as wrong:
            self._aside.malformed(delivery, str(wrong))
        except Exception:  # one message must not stop the others
            logger.exception("a message on %s could not be taken", self.queue)
            self._aside.malformed(delivery, "it could not be taken")

    def _read(self, window: Window, delivery: Delivery) -> None:
        request = self._wire.unpack_request(delivery.body)
        pattern, data, name, properties = (
            bytes(request.pattern),
            bytes(request.data),
            bytes(request.id),
            delivery.properties,
        )
        if not pattern and not data:
            raise Malformed("neither pattern nor data")
        if not name or not reachable(properties.reply_to):
            return self._aside.unanswerable(delivery, event=not name)
        found = self._find(pattern)
        if found is None:
            self._observe("unknown", "refused", 0.0)
            return self._aside.unknown(delivery, name)
        if self._wire.too_deep(data):
            return self._aside.malformed(delivery, f"nested deeper than {self._wire.DEEPEST}", name)
        deadline, traceparent = notes(properties.headers)
        if deadline and self._clock() >= deadline:
            return self._aside.too_late(delivery)
        if self._open >= self._most:
            return self._aside.too_much(delivery, name)
        if delivery.redelivered:
            self.taken.redelivered += 1
        self._open += 1
        pattern_name, handler = found
        ask = Ask(
            pattern_name,
            data or b"null",
            name,
            self._reply,
            deadline_ms=deadline,
            traceparent=traceparent,
            redelivered=delivery.redelivered,
            received_at=perf_counter(),  # the loop's clock does not move while a handler runs
            place=window.add(delivery),
        )
        try:
            handler(ask)
        except Exception:  # a handler's bug is its own request's misfortune
            logger.exception("the handler of %s has failed", pattern_name)
            self.taken.failed += 1
            if not ask.answered:
                ask.refuse(self._wire.INTERNAL)
        return None

    def _reply(self, ask: Ask, body: bytes, refused: bool) -> None:
        place = ask.place
        assert place is not None  # we made it
        self._open -= 1
        self.taken.answered += 1
        self._observe(ask.pattern, "refused" if refused else "answer", perf_counter() - ask.received_at)
        wire = self._wire
        packet = wire.pack_refusal(body, ask.name) if refused else wire.pack_answer(body, ask.name)
        if len(packet) > self._largest:
            logger.error("the answer to %s is too large: %d bytes", ask.pattern, len(packet))
            packet = wire.pack_refusal(wire.INTERNAL, ask.name)
        if not place.window.stale or self.up:  # else it comes again, and its answer need not wait
            self._replies.send(place.delivery.properties, packet, place.finish)


def _nobody(pattern: str, outcome: str, seconds: float) -> None:
    """Looks."""
