"""Asks one service over HTTP, through all that protects both: a bound, a breaker, deadlines, a budget of
retries. The client half of an API that is carried by HTTP is built on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec
from msgspec.structs import replace

from ....core.clock import Clock
from ....core.gateway import Refusal, Reply
from ....core.http import HttpAnswer, HttpClient, NoHttpAnswer, NotReached
from ....core.model import NOBODY, Caller, Query, Refused, Request, wire_name
from ....core.store import StoreUnavailable
from ....observability import context
from .guarded import LOOK_S, Guarded, Verdict
from .presets import READ, WRITE, Preset

Outcome = HttpAnswer | NotReached | NoHttpAnswer
LIVE = "/health/live"
LEAST_S = 0.01
LARGEST = 1 << 20
NONE: Mapping[str, str] = MappingProxyType({})
UNKNOWN = "outcome_unknown"
UNKNOWN_SAYS = "The service did not answer; send it again with an Idempotency-Key to learn what became of it."
_encode = msgspec.json.Encoder().encode


class HttpService:
    """`name` is for errors, `url` is where it answers, without a path. A look at it asks for `live`: any
    answer says that it is there. `headers` go with every request; an answer has `largest` bytes at the most.
    """

    def __init__(
        self,
        name: str,
        url: str,
        client: HttpClient,
        clock: Clock,
        *,
        read: Preset = READ,
        write: Preset = WRITE,
        in_flight: int = 1_024,
        live: str = LIVE,
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST,
    ) -> None:
        self.name, self._url, self._client, self._now = name, url.rstrip("/"), client, clock.now
        self._read, self._write, self._live = read, write, live
        self._headers, self._largest = dict(headers or {}), largest
        self.guarded: Guarded[Outcome] = Guarded(
            name,
            judge,
            clock=time.perf_counter,
            later=_later,
            in_flight=in_flight,
            look=self._look,
            unsent=lambda outcome: isinstance(outcome, NotReached),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._why, self._looked_at, self._looking = "not asked yet", -LOOK_S, False

    async def read(
        self, path: str, *, deadline: int = 0, trace: str = "", headers: Mapping[str, str] = NONE
    ) -> HttpAnswer:
        """GET, tried again where that may help. Errors: Refused, StoreUnavailable, TimeoutError."""
        verdict, outcome = await self._call(self._read, True, "GET", path, b"", {**headers}, deadline, trace)
        if verdict is Verdict.FINE and isinstance(outcome, HttpAnswer):
            return outcome
        self._refuse(verdict)
        if verdict is Verdict.TIMED_OUT:
            raise TimeoutError(f"{self.name} did not answer in time")
        raise StoreUnavailable(f"{self.name}: {_why(outcome)}")

    async def write(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        key: str = "",
        deadline: int = 0,
        trace: str = "",
        headers: Mapping[str, str] = NONE,
    ) -> HttpAnswer:
        """Tried again with a `key`, under which the service does it once, or where it was not reached.
        Errors: Refused; where nobody knows what was done, `outcome_unknown`.
        """
        sent = {**headers, "idempotency-key": key} if key else {**headers}
        verdict, outcome = await self._call(self._write, bool(key), method, path, body, sent, deadline, trace)
        if verdict is Verdict.FINE and isinstance(outcome, HttpAnswer):
            return outcome
        self._refuse(verdict)
        if isinstance(outcome, NotReached):
            says = "The service cannot be reached; nothing was done."
            raise Refused("store_unavailable", 503, says, retry_after=1)
        status = 504 if verdict is Verdict.TIMED_OUT else 503
        raise Refused(UNKNOWN, status, UNKNOWN_SAYS, retry_after=1)

    def missing(self) -> list[str]:
        """Why it cannot be asked, as far as is known. It is looked at once a second, while somebody wants to
        know.
        """
        if not self._looking and time.perf_counter() - self._looked_at >= LOOK_S:
            self._looking = True
            self._look(LOOK_S, lambda _: None)
        return [f"{self.name}: {self._why}"] if self._why else []

    def _refuse(self, verdict: Verdict) -> None:
        if verdict is Verdict.OPEN or verdict is Verdict.BUSY:
            raise Refused(
                "overloaded", 503, f"{self.name} fails now.", retry_after=self.guarded.retry_after()
            )

    async def _call(
        self,
        preset: Preset,
        retryable: bool,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        deadline: int,
        trace: str,
    ) -> tuple[Verdict, Outcome | None]:
        if deadline:
            left_s = (deadline - self._now()) / 1_000
            if left_s < LEAST_S:
                raise TimeoutError("its caller waits no longer; nothing was done")
            if left_s < preset.deadline_s:
                preset = replace(preset, deadline_s=left_s)
        if parent := context.onward(trace):
            headers["traceparent"] = parent
        elif trace:
            headers.setdefault("x-request-id", trace)
        ended: asyncio.Future[tuple[Verdict, Outcome | None]]
        ended = asyncio.get_running_loop().create_future()

        def attempt(timeout_s: float, then: Callable[[Outcome], None]) -> None:
            self._spawn(self._send(method, path, body, headers, timeout_s, then))

        self.guarded.run(preset, retryable, attempt, partial(_end, ended))
        return await ended

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        timeout_s: float,
        then: Callable[[Outcome], None],
    ) -> None:
        outcome: Outcome
        try:
            outcome = await self._client.call(
                method,
                self._url + path,
                body,
                {**self._headers, **headers},
                deadline_s=timeout_s,
                largest=self._largest,
            )
            self._why = ""
        except NotReached as error:
            outcome, self._why = error, "cannot be reached"
        except NoHttpAnswer as error:
            outcome = error
        then(outcome)

    def _look(self, timeout_s: float, then: Callable[[Outcome], None]) -> None:
        def seen(outcome: Outcome) -> None:
            self._looking, self._looked_at = False, time.perf_counter()
            if isinstance(outcome, NoHttpAnswer):
                self._why = "does not answer"
            then(outcome)

        self._spawn(self._send("GET", self._live, b"", {}, timeout_s, seen))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        self.guarded.look = None
        for task in self._tasks:
            task.cancel()


class HttpServiceGateway:
    """Implements `core.gateway.Gateway` over one service: what its wire has no path for is not here."""

    def __init__(self, service: HttpService) -> None:
        self.service = service
        self._tasks: set[asyncio.Task[None]] = set()

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
        task = asyncio.get_running_loop().create_task(
            self._submit(message, caller, deliver, deadline, claim, trace)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        deadline: int,
        claim: str,
        trace: str,
    ) -> None:
        try:
            reply = await self.done(message, caller, key=claim, deadline=deadline, trace=trace)
        except Refused as error:
            detail = dict(error.detail)
            retry_after = int(detail.pop("retry_after", 0))
            reply = Reply(error.status, _encode(Refusal(error.code, error.says, detail, retry_after)))
        except (StoreUnavailable, TimeoutError):
            refusal = Refusal("store_unavailable", "", retry_after=1)
            reply = Reply(503, _encode(refusal))
        deliver(reply)

    async def done(self, message: Request, caller: Caller, *, key: str, deadline: int, trace: str) -> Reply:
        """What came of a request. Errors: Refused, TimeoutError before it was sent."""
        not_here(message)

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        not_here(query)

    async def changed(self, key: str, timeout: float) -> bool:
        await asyncio.sleep(timeout)
        return False

    def missing(self) -> list[str]:
        return self.service.missing()

    async def stats(self) -> dict[str, Any]:
        return {}


def not_here(message: Request | Query) -> NoReturn:
    raise Refused("not_here", 503, f"{wire_name(type(message))} has no path on this wire.")


def judge(outcome: Outcome) -> Verdict:
    """A refusal is the service's failure from 500 on, else the caller's own."""
    if isinstance(outcome, HttpAnswer):
        return Verdict.FINE if outcome.status < 500 else Verdict.FAILED
    return Verdict.TIMED_OUT if isinstance(outcome.__cause__, TimeoutError) else Verdict.FAILED


def _why(outcome: Outcome | None) -> str:
    return f"answers {outcome.status}" if isinstance(outcome, HttpAnswer) else "no answer"


def _end(
    ended: asyncio.Future[tuple[Verdict, Outcome | None]], verdict: Verdict, outcome: Outcome | None
) -> None:
    if not ended.done():  # its caller may have gone
        ended.set_result((verdict, outcome))


def _later(seconds: float, do: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, do)
