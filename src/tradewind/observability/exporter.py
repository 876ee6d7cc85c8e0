"""Brings spans to a collector in the background, so that trouble on that way costs spans and never
requests.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Mapping

from . import otlp, post
from .endpoint import Endpoint
from .tracing import Span

BATCH = 512
BOUND = 2_048
EVERY_S = 1.0
TRIES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
AGAIN = frozenset((429, 502, 503, 504))
"""What the protocol lets be sent again; any other refusal is final."""

LOG = logging.getLogger("tradewind.tracing")


class Exporter:
    """One per process, in the event loop's thread. `exported` and `dropped` count spans, for /metrics."""

    def __init__(
        self,
        place: Endpoint,
        resource: Mapping[str, str],
        version: str = "",
        *,
        batch: int = BATCH,
        bound: int = BOUND,
        every_s: float = EVERY_S,
        first_pause_s: float = FIRST_PAUSE_S,
        chance: random.Random,
    ) -> None:
        self._place, self._resource, self._version = place, resource, version
        self._size, self._bound, self._every_s, self._first_pause_s = batch, bound, every_s, first_pause_s
        self._chance = chance
        self._queue: deque[Span] = deque()
        self._full, self._stopping = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._out: list[Span] = []
        self._tls = None if not place.tls else post.trust(place)
        self._trouble = ""
        self.exported = self.dropped = 0

    @property
    def waiting(self) -> int:
        """Spans that are not exported yet."""
        return len(self._queue) + len(self._out)

    @property
    def trouble(self) -> str:
        """Why the last batch was not taken; empty while all is well."""
        return self._trouble

    def put(self, span: Span) -> None:
        """Keeps a span until it is exported; counts it as dropped where too many wait. Never raises."""
        if self.waiting >= self._bound:
            self.dropped += 1
            return
        self._queue.append(span)
        if len(self._queue) >= self._size:
            self._full.set()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="trace exporter")

    async def stop(self, grace_s: float = 2.0) -> None:
        """Sends what waits, for so long, then gives up the rest."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        self._full.set()
        _, unfinished = await asyncio.wait((task,), timeout=grace_s)
        if unfinished:
            task.cancel()
            await asyncio.wait((task,), timeout=1.0)
        if self.waiting:
            self._lose(self.waiting, self._trouble or f"no time left to export at the end ({grace_s:g} s)")
            self._queue.clear()
            self._out = []

    async def _run(self) -> None:
        while self._queue or not self._stopping.is_set():
            self._full.clear()
            if len(self._queue) < self._size and not self._stopping.is_set():
                await _within(self._full, self._every_s)
            self._out = [self._queue.popleft() for _ in range(min(self._size, len(self._queue)))]
            if self._out:
                await self._export()
                self._out = []

    async def _export(self) -> None:
        count, last = len(self._out), False
        try:
            body = otlp.encode(self._resource, self._version, self._out)
            for attempt in range(TRIES):
                pause = await self._attempt(body, count, attempt)
                if pause is None:
                    return
                if last:
                    break
                await _within(self._stopping, pause)
                last = self._stopping.is_set()  # then once more, at once, and no more
            self._lose(count, self._trouble)
        except Exception as error:  # a span that cannot be written must not end the exporter
            LOG.exception("a batch of %d spans could not be exported", count)
            self._lose(count, type(error).__name__)

    async def _attempt(self, body: bytes, count: int, attempt: int) -> float | None:
        """None: settled, for better or worse. Else how long to wait before it is sent again."""
        wished: float = 0.0
        try:
            answer = await post.post(self._place, body, self._tls, self._place.timeout_s)
        except post.NotSent as error:
            reason = str(error)
        else:
            if 200 <= answer.status < 300:
                self._took(count, *otlp.rejected(answer.body))
                return None
            reason, wished = f"it answers {answer.status}", answer.retry_after_s
            if answer.status not in AGAIN:
                self._lose(count, reason)
                return None
        self._say(reason)
        backoff = min(LONGEST_PAUSE_S, self._first_pause_s * (1 << attempt))
        return max(wished, backoff * (0.5 + self._chance.random() / 2))

    def _took(self, count: int, refused: int, why: str) -> None:
        refused = min(max(refused, 0), count)
        self.exported += count - refused
        if refused:
            self._lose(refused, f"it refuses some spans: {why}")
        elif self._trouble:
            LOG.info("traces are exported to %s again", self._place)
            self._trouble = ""

    def _lose(self, count: int, reason: str) -> None:
        self.dropped += count
        self._say(reason)

    def _say(self, reason: str) -> None:
        """Once per change, however long it lasts."""
        if not self._trouble:
            LOG.warning(
                "traces cannot be exported to %s: %s; requests are served as ever, spans are dropped",
                self._place,
                reason,
            )
        self._trouble = reason


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
