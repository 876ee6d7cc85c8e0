"""What changes where other processes work on the same rows: memory holds no truth, and every race is the
database's to decide.

Numbers of the log come from the clock, so that two copies need not ask each other. An activity is leased by
due date: a copy that dies with it is followed by another once the lease has run out. What only the rows know
is looked for again every second.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..core.clock import Clock
from ..core.store import Raced, RowRefused
from .envelope import Envelope, Origin
from .scheduler import Scheduler
from .service_runtime import ServiceRuntime
from .unit_of_work import Unit

EPOCH_MS = 1_577_836_800_000  # 2020: 41 bits of milliseconds last until 2089
LEASE_MS = 30_000
"""Twice the deadline of an activity."""
LOOK_MS = 1_000
RACES = 8
"""So often in a row a batch may lose against others before a row of its own is suspected."""


class SharedStoreMode:
    def __init__(self, runtimes: dict[str, ServiceRuntime], clock: Clock) -> None:
        self._runtimes, self._clock = runtimes, clock
        self._mine = clock.random.getrandbits(10) << 12
        self._look_at = 0
        self.races = 0

    def begin(self, scheduler: Scheduler, now: int) -> None:
        """Before a batch."""
        least = (now - EPOCH_MS) << 22 | self._mine
        for name, runtime in self._runtimes.items():
            runtime.seq = max(runtime.seq, least)
            if now >= self._look_at:
                scheduler.timer[name] = scheduler.activity[name] = scheduler.retry[name] = min(
                    now, scheduler.timer[name]
                )
                runtime.stale = True
        if now >= self._look_at:
            self._look_at = now + LOOK_MS

    def wait_ms(self, wait: int | None, now: int) -> int:
        """How long to sleep where nothing is due as far as we know: others may have left something."""
        look = max(0, self._look_at - now)
        return look if wait is None else min(wait, look)

    async def look(self, unit: Unit, batch: Iterable[Envelope]) -> None:
        """Which keys are blocked is asked anew where an event may have to wait behind another."""
        for runtime in {envelope.runtime for envelope in batch if envelope.origin is Origin.EVENT}:
            runtime.blocked = {key for (key,) in await unit.tx.rows(runtime.parked_keys)}

    def lost(self, error: Raced) -> Exception:
        """A batch met another process's: what it is to be taken for."""
        self.races += 1
        return error if self.races <= RACES else RowRefused(str(error))
