"""A Gateway over our own wire: what a process asks of services that run elsewhere.

A reply passes as the bytes that the service has sent. A call whose outcome nobody knows is sent again only
where a claim makes that harmless; else its caller learns that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from ...contracts.ops import Told, timeline_of
from ...contracts.orders import GetOrder, GetTimeline, Timeline
from ...core.bus import ListEvents
from ...core.clock import SystemClock
from ...core.dead_letters import LISTING, DeadLetter, ListDeadLetters
from ...core.gateway import Refusal, Reply
from ...core.model import NOBODY, Caller, Query, Refused, Request, wire_name
from ...core.request_queue import Kind, Outcome, RequestQueueClient
from ...core.store import StoreUnavailable
from ...core.watchers import Watchers
from ...observability import context, spans
from ...observability.tracing import Span, Tracer
from .messages import EVERY_SERVICE, answers, service_of
from .wire import MISSING, STATS, encode, pack_submission, read_reply
from .wire import refusal as packed_refusal

WRITE_S, READ_S, LOOK_S = 10.0, 5.0, 1.0
AGAIN_S = 0.3
LEAST_S = 0.001  # a wire knows milliseconds
NO_TIME = "Its caller waits no longer; nothing was done."
_refusal = msgspec.json.Decoder(Refusal).decode
_letters = msgspec.json.Decoder(tuple[list[DeadLetter], str | None]).decode
_events = msgspec.json.Decoder(list[Told]).decode
_missing = msgspec.json.Decoder(list[str]).decode
_any = msgspec.json.Decoder(dict[str, Any]).decode
Then = Callable[[Reply], None]


class ServicesGateway:
    """Implements `core.gateway.Gateway`. `queues`: where each service takes its requests. `needs`: the
    services without which no order can be placed; `missing` tells of those. `heard` is called by whoever
    subscribes to the events of orders, with the key of each. With a `tracer`, a call of a trace that is kept
    is a span. `write_s` and `read_s` are how long an answer is waited for, unless the deadline comes before;
    `now` (ms since the epoch) is the clock of the deadlines.
    """

    def __init__(
        self,
        client: RequestQueueClient,
        queues: Mapping[str, str],
        *,
        needs: Iterable[str] = (),
        write_s: float = WRITE_S,
        read_s: float = READ_S,
        tracer: Tracer | None = None,
        now: Callable[[], int] | None = None,
    ) -> None:
        self._calls = _Calls(client, tracer)
        self._now = now or SystemClock().now
        self._client, self._queues, self._needs = client, dict(queues), tuple(needs)
        self._write_s, self._read_s = write_s, read_s
        self._targets: dict[type[Any], tuple[str, bytes]] = {}
        self._decoders = {kind: msgspec.json.Decoder(gives).decode for kind, gives in answers().items()}
        self._watchers = Watchers()
        self._lacks: dict[str, list[str]] = {service: ["not asked yet"] for service in self._needs}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begins to ask the services that are needed whether they are ready."""
        self._spawn(self._look())

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    # -- core.gateway.Gateway

    def submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Then,
        *,
        deadline: int = 0,
        claim: str = "",
        fingerprint: str = "",
        trace: str = "",
        again: bool = False,
    ) -> None:
        left_s = self._left(self._write_s, deadline)
        if left_s < LEAST_S:
            asyncio.get_running_loop().call_soon(deliver, _unsent("overloaded", NO_TIME))
            return
        pack = partial(pack_submission, message, caller, claim, fingerprint, trace)
        if isinstance(message, EVERY_SERVICE):
            self._spawn(self._decide(wire_name(type(message)), pack, deliver, left_s, trace))
            return
        queue, pattern = self._target(type(message))
        if not queue:
            asyncio.get_running_loop().call_soon(deliver, _unsent("not_here", ""))
            return
        _Submission(self._calls, queue, pattern, pack, deliver, left_s, bool(claim), trace).send(again)

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        """Errors: Refused; StoreUnavailable, where the service did not answer in time; TimeoutError, where
        none was left to ask it.
        """
        left_s = self._left(self._read_s, deadline)
        if left_s < LEAST_S:
            raise TimeoutError(NO_TIME)
        if isinstance(query, ListDeadLetters):
            return await self._dead_letters(query, caller, left_s, trace)
        if isinstance(query, GetTimeline):
            return await self._timeline(query, caller, deadline, trace)
        queue, pattern = self._target(type(query))
        if not queue:
            raise Refused("not_here", 503, f"No service answers {type(query).__name__} here.")
        body = await self._asked(queue, pattern, pack_submission(query, caller), left_s, trace)
        return self._decoders[type(query)](body)

    async def changed(self, key: str, timeout: float) -> bool:
        return await self._watchers.wait(key, timeout)

    def heard(self, key: str) -> None:
        """Something about `key` was committed."""
        self._watchers.wake({key})

    def missing(self) -> list[str]:
        if self._client.missing:
            return [self._client.missing]
        return [f"{service}: {why}" for service, lacks in self._lacks.items() for why in lacks]

    async def stats(self) -> dict[str, Any]:
        """Of all services together; of one that runs in copies, what the copy that was asked knows."""
        found = [_any(body) for body in await self._everywhere(encode(STATS), b"{}", self._read_s)]
        return {
            "requestsQueued": sum([one["requestsQueued"] for one in found]),
            "activitiesRunning": sum([one["activitiesRunning"] for one in found]),
            "services": {name: row for one in found for name, row in one["services"].items()},
        }

    # -- what every service answers for itself

    async def _dead_letters(self, query: ListDeadLetters, caller: Caller, left_s: float, trace: str) -> Any:
        pattern, data = encode(wire_name(type(query))), pack_submission(query, caller)
        found = [_letters(body) for body in await self._everywhere(pattern, data, left_s, trace)]
        by_id = {one.id: one for some, _ in found for one in some}  # a process may answer for two services
        letters = sorted(by_id.values(), key=lambda one: one.id, reverse=True)
        if any(cursor for _, cursor in found):  # one of them has more: so has the whole
            letters = [*letters[: query.limit], letters[-1]]
        return DeadLetterPage(
            *LISTING.page(letters, query.limit, lambda letter: (letter.first_at, letter.id))
        )

    async def _timeline(self, query: GetTimeline, caller: Caller, deadline: int, trace: str) -> Timeline:
        await self.ask(GetOrder(query.order_id), caller, deadline=deadline, trace=trace)
        asked, left_s = (
            pack_submission(ListEvents(query.order_id), NOBODY),
            self._left(self._read_s, deadline),
        )
        found = await self._everywhere(encode(wire_name(ListEvents)), asked, left_s, trace)
        return timeline_of([told for body in found for told in _events(body)])

    async def _decide(
        self, operation: str, pack: Callable[..., bytes], deliver: Then, left_s: float, trace: str
    ) -> None:
        """The service that has the dead letter decides; to the others it is not found."""
        loop, replies = asyncio.get_running_loop(), list[asyncio.Future[Reply]]()
        for queue in dict.fromkeys(self._queues.values()):
            reply: asyncio.Future[Reply] = loop.create_future()
            _Submission(
                self._calls, queue, encode(operation), pack, reply.set_result, left_s, True, trace
            ).send(False)
            replies.append(reply)
        found = await asyncio.gather(*replies)
        known = [reply for reply in found if reply.status != 404]
        done = [reply for reply in known if reply.status < 500]
        deliver((done or known or found)[0])

    async def _everywhere(self, pattern: bytes, data: bytes, left_s: float, trace: str = "") -> list[bytes]:
        queues = dict.fromkeys(self._queues.values())
        return await asyncio.gather(*[self._asked(queue, pattern, data, left_s, trace) for queue in queues])

    # -- one call

    def _left(self, most_s: float, deadline: int) -> float:
        """Seconds that an answer may take."""
        return most_s if not deadline else min(most_s, (deadline - self._now()) / 1_000)

    def _target(self, kind: type[Any]) -> tuple[str, bytes]:
        """Queue and pattern; the queue is empty where no service takes that."""
        found = self._targets.get(kind)
        if found is None:
            found = self._queues.get(service_of(kind), ""), encode(wire_name(kind))
            self._targets[kind] = found
        return found

    async def _asked(
        self, queue: str, pattern: bytes, data: bytes, timeout_s: float, trace: str = ""
    ) -> bytes:
        """The body of the answer. Errors: Refused, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while True:
            came: asyncio.Future[Outcome] = loop.create_future()
            self._calls.begin(queue, pattern, data, until - loop.time(), partial(_settle, came), trace)
            outcome = await came
            # a question changes nothing, so one whose answer was lost with the connection is asked again
            if outcome.kind is not Kind.DOWN or not outcome.sent or until - loop.time() <= AGAIN_S:
                break
            await asyncio.sleep(AGAIN_S)
        if outcome.kind is Kind.BUSY:
            raise Refused("overloaded", 503, retry_after=1)
        if outcome.kind in (Kind.DOWN, Kind.TIMEOUT):
            raise StoreUnavailable(f"{queue}: {outcome.body[:200].decode(errors='replace')}")
        try:
            reply = read_reply(outcome.body)
        except msgspec.MsgspecError:
            raise StoreUnavailable(f"{queue}: the answer cannot be read") from None
        if reply.status:
            raise _refused(reply)
        return reply.body

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        while True:
            await asyncio.gather(*[self._look_at(service) for service in self._needs])
            await asyncio.sleep(LOOK_S)

    async def _look_at(self, service: str) -> None:
        try:
            body = await self._asked(self._queues[service], encode(MISSING), b"{}", LOOK_S)
            self._lacks[service] = _missing(body)
        except (Refused, StoreUnavailable, msgspec.MsgspecError) as error:
            self._lacks[service] = [str(error)]


class DeadLetterPage(msgspec.Struct, frozen=True):
    """As `ask(ListDeadLetters)` answers in one process."""

    data: Any
    next_cursor: str | None


class _Calls:
    """Single calls, each a span where its trace is kept."""

    def __init__(self, client: RequestQueueClient, tracer: Tracer | None) -> None:
        self._call = client.call
        self._tracer = tracer if tracer is not None and tracer.on else None

    def begin(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Callable[[Outcome], None],
        trace: str,
    ) -> None:
        if trace and self._tracer is not None:
            operation = pattern.decode().strip('"')
            step = spans.request_sent(self._tracer, queue, operation, trace)
            if step is not None:
                trace, then = step.traceparent, partial(_ended, step, then)
        self._call(queue, pattern, data, timeout_s, then, traceparent=context.onward(trace))


def _ended(step: Span, then: Callable[[Outcome], None], outcome: Outcome) -> None:
    spans.rpc_ended(step, outcome.kind.value)
    then(outcome)


class _Submission:
    """One request under way, with its attempts."""

    __slots__ = (
        "_calls",
        "_deliver",
        "_loop",
        "_pack",
        "_pattern",
        "_queue",
        "_retry",
        "_sent",
        "_trace",
        "_until",
    )

    def __init__(
        self,
        calls: _Calls,
        queue: str,
        pattern: bytes,
        pack: Callable[..., bytes],
        deliver: Then,
        timeout_s: float,
        retry: bool,
        trace: str,
    ) -> None:
        self._calls, self._queue, self._pattern, self._pack = calls, queue, pattern, pack
        self._deliver, self._retry, self._sent, self._trace = deliver, retry, False, trace
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + timeout_s

    def send(self, again: bool) -> None:
        left = self._until - self._loop.time()
        self._calls.begin(self._queue, self._pattern, self._pack(again), left, self._ended, self._trace)

    def _ended(self, outcome: Outcome) -> None:
        kind = outcome.kind
        if kind is Kind.ANSWER or kind is Kind.REFUSED:
            try:
                reply = read_reply(outcome.body)
            except msgspec.MsgspecError:
                reply = _unsent("outcome_unknown", "The service answered what cannot be read.")
            self._deliver(reply)
            return
        lost = kind is Kind.DOWN and outcome.sent
        self._sent = self._sent or lost or kind is Kind.TIMEOUT
        if kind is Kind.DOWN and self._sent and self._retry and self._until - self._loop.time() > AGAIN_S:
            self._loop.call_later(AGAIN_S, self.send, True)
        elif self._sent:
            self._deliver(_unsent("outcome_unknown", "The service did not answer in time, or was cut off."))
        elif kind is Kind.BUSY:
            self._deliver(_unsent("overloaded", ""))
        else:
            self._deliver(_unsent("store_unavailable", "The service cannot be reached; nothing was done."))


def _unsent(code: str, says: str) -> Reply:
    return read_reply(packed_refusal(503, code, says, 1))


def _refused(reply: Reply) -> Refused:
    refusal = _refusal(reply.body)
    error = Refused(refusal.code, reply.status, refusal.says)
    error.detail = dict(refusal.detail)
    if refusal.retry_after:
        error.detail["retry_after"] = refusal.retry_after
    return error


def _settle(came: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not came.done():
        came.set_result(outcome)
