"""Carries out calls to the outside world: after the commit that asked for them, outside any transaction,
bounded in number and time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from itertools import chain
from typing import Any

from ..core.clock import Clock
from ..core.failpoints import Broken, failpoint
from ..core.model import Activity, Attempt, Outcome, Temporary
from .inbox import ActivityFailed, Envelope, Origin
from .observers import ignore_outcome
from .service_runtime import ServiceRuntime
from .statements import ActivityRow

LOG = logging.getLogger("tradewind.activities")
BEFORE_CALL = failpoint(
    "activity.before-call", "the activity is committed, the outside world has not been called"
)
AFTER_CALL = failpoint("activity.after-call", "the outside world has done it, we have not recorded it")
AT_ONCE = 256
WAITING = 20_000
DEADLINE_S = 15.0
FIRST_MS, CAP_MS = 200, 30_000
BUGS = 5


class ActivityRunner:
    """`report` gets each outcome, as a message that is claimed by deleting the activity's row."""

    def __init__(
        self,
        clock: Clock,
        report: Callable[[Envelope], None],
        *,
        count: Callable[[str, str], None] = ignore_outcome,
        perform: bool = True,
    ) -> None:
        self._clock, self._report, self._count = clock, report, count
        self._queue: deque[tuple[ServiceRuntime, Activity, ActivityRow, bool]] = deque()
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = not perform

    @property
    def running(self) -> int:
        return len(self._tasks)

    def start(
        self, runtime: ServiceRuntime, activity: Activity, row: ActivityRow, *, again: bool = False
    ) -> bool:
        """Starts it now, or when one of those under way has ended. False: too many wait, look for its row
        again later.
        """
        if row.id in self._known or self._stopped:
            return True
        if len(self._queue) >= WAITING:
            return False
        self._known.add(row.id)
        if len(self._tasks) < AT_ONCE:
            self._spawn(self._perform(runtime, activity, row, again))
        else:
            self._queue.append((runtime, activity, row, again))
        return True

    def settled(self, *ids: Iterable[Iterable[str]]) -> None:
        """Activities whose outcome is in the store. They are kept here until their rows are gone, so that
        they are not started from their rows again.
        """
        for ended in chain(*ids):
            self._known.difference_update(ended)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._queue and not self._stopped:
            self._spawn(self._perform(*self._queue.popleft()))
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("an activity's end could not be reported", exc_info=error)

    async def _perform(
        self, runtime: ServiceRuntime, activity: Activity, row: ActivityRow, again: bool
    ) -> None:
        call = runtime.service.performs[type(activity)].call
        number = row.attempts + 1
        try:
            BEFORE_CALL()
            async with asyncio.timeout(DEADLINE_S):
                outcome = await call(activity, Attempt(number, self._clock.now(), again or number > 1))
            AFTER_CALL()
            if not runtime.hears(type(outcome)):
                raise TypeError(f"{runtime.name} does not hear {type(outcome).__name__}")
        except (Temporary, TimeoutError, Broken) as error:
            self._again(runtime, activity, row, number, f"{type(error).__name__}: {error}", final=False)
        except Exception as error:  # an activity's bug is kept with its reason, like a handler's
            LOG.exception("%s could not perform %s", runtime.name, type(activity).__name__)
            self._again(
                runtime, activity, row, number, f"{type(error).__name__}: {error}", final=number >= BUGS
            )
        else:
            self._done(runtime, outcome, row)

    def _done(self, runtime: ServiceRuntime, outcome: Outcome, row: ActivityRow) -> None:
        self._count(row.name, "done")
        self._report(Envelope(runtime, outcome, Origin.OUTCOME, row.id, self._clock.now(), trace=row.trace))

    def _again(
        self,
        runtime: ServiceRuntime,
        activity: Activity,
        row: ActivityRow,
        number: int,
        reason: str,
        *,
        final: bool,
    ) -> None:
        self._count(row.name, "failed" if final else "again")
        now = self._clock.now()
        backoff = min(CAP_MS, FIRST_MS * 2 ** min(number - 1, 16))
        due = now + backoff // 2 + self._clock.random.randrange(backoff // 2 + 1)
        failed = ActivityFailed(activity, number, due, reason, final)
        envelope = Envelope(runtime, failed, Origin.OUTCOME, row.id, now, trace=row.trace)
        envelope.first_at = row.at
        self._report(envelope)

    async def stop(self) -> None:
        """Leaves what is under way: its row is still there, and the next start asks the other side before it
        does it again.
        """
        self._stopped = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
