"""The services of one process behind the Gateway port: accepts requests, runs the processor, answers queries,
starts and stops in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, NamedTuple

from ..core.bus import EventBus, EventRecord, ListEvents, Settle
from ..core.clock import Clock
from ..core.dead_letters import LISTING, DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ..core.gateway import Reply
from ..core.model import NOBODY, Answers, Caller, Consult, Message, Query, Refused, Request, Service
from ..core.sensitive import Mark, marked, without
from ..core.store import Reader, Store, StoreUnavailable
from ..core.watchers import Watchers
from .activities import ActivityRunner
from .dead_letters import DeadLetters
from .inbox import TOO_LATE, Envelope, Origin, Unreadable, of_channel, refusal, refused, tell
from .observers import NO_HOOKS, Hooks, not_here_says
from .outbox import Outbox, Relay
from .processor import Processor
from .retention import Erasure, Retention
from .service_runtime import ServiceRuntime, furnish
from .statements import EventRow

LOG = logging.getLogger("tradewind.platform")
CONSULT_MS = 2_000
DRAIN_S = 8.0
DELAYS_MS = (1_000, 5_000, 30_000, 120_000)
ABOVE_ALL = "z"
DEAD_LETTER_REQUESTS = (ReplayDeadLetter, DiscardDeadLetter)
"""For the service that has the dead letter, which its id alone does not say."""


class Platform:
    """Implements `core.gateway.Gateway` for services that share this process and its store."""

    def __init__(
        self,
        store: Store,
        services: Iterable[Service],
        clock: Clock,
        *,
        delays_ms: Sequence[int] = DELAYS_MS,
        retention_ms: int = 0,
        bus: EventBus | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        """With a `bus`, services get each other's events only there: its subscriber calls `receive`."""
        services = list(services)
        self.store, self.clock = store, clock
        self.runtimes = furnish(services, bus=bus is not None)
        self.runner = ActivityRunner(
            clock,
            lambda envelope: self.processor.put_internal(envelope),
            count=hooks.activity,
            perform=hooks.perform,
        )
        outbox = None if bus is None else Outbox(bus, self.runtimes, lambda: self.processor.wake())
        self.processor = Processor(
            store,
            self.runtimes,
            clock,
            self.runner,
            DeadLetters(clock, delays_ms),
            outbox=outbox,
            aside=self._set_aside,
            committed=self._wake_watchers,
            hooks=hooks,
        )
        self._relay = None if outbox is None else Relay(outbox, self.processor)
        self._retention, self._erasure = Retention(self.processor, retention_ms), Erasure(self.processor)
        self._handlers: dict[type[Any], ServiceRuntime] = {}
        self._answers: dict[type[Query], Answers] = {}
        self._elsewhere, self._committed = hooks.elsewhere, hooks.committed
        for runtime in self.runtimes.values():
            for kind in runtime.service.rules:
                if issubclass(kind, Request):
                    self._handlers[kind] = runtime
            self._answers.update(runtime.service.answers)
        self._watchers = Watchers()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self.ready = False

    async def start(self) -> None:
        """Opens the store and begins; what an earlier run left unfinished goes on."""
        await self.store.open()
        self._loop_task = asyncio.get_running_loop().create_task(self.processor.run(), name="processor")
        self._loop_task.add_done_callback(self._loop_ended)
        self._retention.start()
        self._erasure.start()
        if self._relay is not None:
            self._relay.start()
        self.ready = True

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        self.ready = False
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.critical("the processor has stopped", exc_info=error)

    async def ended(self) -> None:
        """Returns when the processor has stopped, asked or not."""
        if self._loop_task is not None:
            await asyncio.wait([self._loop_task])

    async def stop(self) -> None:
        """Takes no more, finishes what is here, closes. What is not finished is in the store."""
        self.ready = False
        self._retention.stop()
        self._erasure.stop()
        if self._relay is not None:
            self._relay.stop()
        await self.runner.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CONSULT_MS / 1_000)
        self.processor.stop()
        if self._loop_task is not None:
            done, _ = await asyncio.wait([self._loop_task], timeout=DRAIN_S)
            if not done:
                self._loop_task.cancel()
                await asyncio.wait([self._loop_task], timeout=1.0)
        self.processor.inbound.refuse_all()
        for task in list(self._tasks):
            task.cancel()
        await self.store.close()

    def submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        *,
        deadline: int = 0,
        claim: str = "",
        fingerprint: str = "",
        trace: str = "",
        again: bool = False,
    ) -> None:
        runtime = self._handlers.get(type(message))
        if runtime is not None:
            self._submit(runtime, message, caller, deliver, claim, fingerprint, trace, again, deadline)
        elif isinstance(message, DEAD_LETTER_REQUESTS):
            self._spawn(self._find_letter(message, caller, deliver, claim, fingerprint, trace))
        else:
            deliver(refusal(503, "not_here", not_here_says(type(message)), retry_after=1))

    def receive(self, event: EventRecord, service: str, settle: Settle, *, again: bool = False) -> None:
        """An event of the bus, for one of our services. `settle` is called after the commit, also for what is
        kept as a dead letter; with a reason where the service refuses what came on a channel.
        """
        runtime = self.runtimes[service]
        if event.decoded is not None:
            self.processor.put_internal(of_channel(runtime, event, settle, self.clock.now()))
            return
        message = runtime.read(event.name, event.body, event.key)
        self._take(runtime, message, event.id, event.trace, settle, again)

    def keep_unreadable(self, service: str, name: str, body: str, reason: str, settle: Settle) -> None:
        """What came for a service and is no message becomes a dead letter of its."""
        self._take(self.runtimes[service], Unreadable(name, body, reason), "", "", settle, False)

    def _take(
        self, runtime: ServiceRuntime, message: Message, claim: str, trace: str, settle: Settle, again: bool
    ) -> None:
        claim = claim or self.clock.uuid()
        self.processor.put_internal(
            Envelope(
                runtime,
                message,
                Origin.EVENT,
                claim,
                self.clock.now(),
                trace=trace,
                inbox_id=claim,
                tried=again,
                deliver=lambda reply: settle(""),
            )
        )

    async def _find_letter(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        claim: str,
        fingerprint: str,
        trace: str,
    ) -> None:
        """Sends an operator's request to the service that has the dead letter, or has replied about it
        before.
        """
        try:
            for runtime in self.runtimes.values():
                known = await self.store.get(runtime.parked, message.key) or (
                    claim and await self.store.get(runtime.inbox, claim)
                )
                if known:
                    self._submit(runtime, message, caller, deliver, claim, fingerprint, trace)
                    return
        except StoreUnavailable as error:
            LOG.warning("a dead letter could not be looked for: %s", error)
            deliver(refusal(503, "store_unavailable", retry_after=1))
            return
        except Exception:
            LOG.exception("a dead letter could not be looked for")
            deliver(refusal(500, "internal_error"))
            return
        deliver(refusal(404, "not_found"))

    def _submit(
        self,
        runtime: ServiceRuntime,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        claim: str,
        fingerprint: str,
        trace: str,
        again: bool = False,
        deadline: int = 0,
    ) -> None:
        now = self.clock.now()
        if 0 < deadline <= now and not again:
            deliver(TOO_LATE)
            return
        envelope = Envelope(
            runtime,
            message,
            Origin.REQUEST,
            trace,
            now,
            trace=trace,
            caller=caller,
            inbox_id=claim,
            fingerprint=fingerprint,
            first_at=now,
            deliver=deliver,
            deadline=deadline,
            tried=again,
        )
        if not self.processor.put(envelope):
            deliver(
                refusal(503, "overloaded", "More requests wait than can be answered in time.", retry_after=1)
            )

    def answer(self, kind: type[Query], do: Callable[[Reader, Any, Caller], Awaitable[Any]]) -> None:
        """Answers a question that no single service can: one about all of them."""
        self._answers[kind] = Answers(kind, do)

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        if isinstance(query, ListDeadLetters):
            return await list_dead_letters(self.store, self.runtimes, query)
        if isinstance(query, ListEvents):
            return await history(self.store, self.runtimes, query.about)
        found = self._answers.get(type(query))
        if found is None:
            return await self._elsewhere(query, trace, deadline)
        return await found.do(self.store, query, caller)

    async def changed(self, key: str, timeout: float) -> bool:
        return await self._watchers.wait(key, timeout)

    def heard(self, key: str) -> None:
        """Something about `key` was committed, by another copy perhaps."""
        self._watchers.wake({key})

    def _wake_watchers(self, keys: set[str]) -> None:
        if self._committed is not None:
            self._committed(keys)
        self._watchers.wake(keys)

    def _set_aside(self, envelope: Envelope, pause: Consult) -> None:
        self._spawn(self._consult(envelope, pause))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _consult(self, envelope: Envelope, pause: Consult) -> None:
        until = self.clock.now() + CONSULT_MS
        if envelope.deadline and not envelope.tried:
            until = min(until, envelope.deadline)
        try:
            async with asyncio.timeout((until - self.clock.now()) / 1_000):
                found = await self.ask(pause.query, deadline=until, trace=envelope.trace)
            message = pause.then(found)
        except (TimeoutError, StoreUnavailable) as error:
            LOG.warning("consulting for %s failed: %s", type(envelope.message).__name__, error)
            tell(
                envelope,
                refusal(
                    503, "store_unavailable", "Another service could not be asked in time.", retry_after=1
                ),
            )
            return
        except Refused as error:
            tell(envelope, refused(error))
            return
        except Exception:  # a query's bug affects its caller alone
            LOG.exception("consulting for %s failed", type(envelope.message).__name__)
            tell(envelope, refusal(500, "internal_error"))
            return
        learned = Envelope(
            envelope.runtime,
            message,
            Origin.LEARNED,
            envelope.claim_id,
            self.clock.now(),
            trace=envelope.trace,
        )
        envelope.consulted = True
        self.processor.put_internal(learned)
        self.processor.put_internal(envelope)

    def missing(self) -> list[str]:
        if not self.ready:
            return ["starting or stopping"]
        return [f"store: {self.processor.broken}"] if self.processor.broken else []

    async def stats(self) -> dict[str, Any]:
        return await stats(self.store, self.runtimes, self.processor, self.clock.now())


class DeadLetterPage(NamedTuple):
    data: list[DeadLetter]
    next_cursor: str | None


async def list_dead_letters(
    store: Reader, runtimes: dict[str, ServiceRuntime], query: ListDeadLetters
) -> DeadLetterPage:
    """The dead letters of all services, newest first."""
    before = LISTING.place(query.cursor)[1] or ABOVE_ALL
    values = {"before": before, "n": query.limit + 1}
    found = [
        letter
        for runtime in runtimes.values()
        for letter in await store.find(runtime.parked, runtime.statements.parked_page, values)
    ]
    found.sort(key=lambda letter: letter.id, reverse=True)
    shown, cursor = LISTING.page(found, query.limit, lambda letter: (letter.first_at, letter.id))
    return DeadLetterPage(list(shown), cursor)


async def history(
    store: Reader, runtimes: dict[str, ServiceRuntime], key: str, limit: int = 1_000
) -> list[tuple[str, EventRow]]:
    """Every event about `key` that a service still remembers, with its service, in causal order: ids increase
    within the process. Secret fields are left out.
    """
    told = [
        (name, _shown(runtime, EventRow(*row)))
        for name, runtime in runtimes.items()
        for row in await store.rows(runtime.statements.log_of, {"key": key, "n": limit})
    ]
    return sorted(told, key=lambda entry: entry[1].id)


def _shown(runtime: ServiceRuntime, event: EventRow) -> EventRow:
    """Without secret fields; of an event that this release does not know, only that it exists."""
    kind = runtime.says.get(event.name)
    if kind is None:
        return event._replace(body="{}")
    fields = marked(kind, Mark.SECRET)
    return event._replace(body=without(event.body, fields)) if fields else event


async def stats(
    store: Store, runtimes: dict[str, ServiceRuntime], processor: Processor, now: int
) -> dict[str, Any]:
    """Depths, ages in ms, and lags in events."""
    services = {name: await _of(store, runtime, now) for name, runtime in runtimes.items()}
    return {
        "requestsQueued": len(processor.inbound.requests),
        "activitiesRunning": processor.runner.running,
        "services": services,
    }


async def _of(store: Store, runtime: ServiceRuntime, now: int) -> dict[str, Any]:
    late, first_due = (await store.rows(runtime.statements.timers_late, {"now": now}))[0]
    untold, first_said = (await store.rows(runtime.statements.outbox_state))[0]
    activities, oldest = (await store.rows(runtime.statements.activity_count))[0]
    return {
        "logEnd": runtime.seq,
        "lag": {name: subscription.lag for name, subscription in runtime.subscriptions.items()},
        "activities": activities,
        "oldestActivityMs": 0 if oldest is None else max(0, now - oldest),
        "timersOverdue": late,
        "oldestTimerMs": 0 if first_due is None else max(0, now - first_due),
        "outbox": untold,
        "oldestOutboxMs": 0 if first_said is None else max(0, now - first_said),
        "parked": (await store.rows(runtime.statements.parked_count))[0][0],
    }
