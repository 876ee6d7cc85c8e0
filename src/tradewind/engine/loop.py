"""Waits for something to do and has it done, batch after batch, until it is stopped and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..core.clock import World
from .batch_policy import Pace
from .envelope import Incoming
from .inbound_queue import Intake
from .outbox import Outbox
from .scheduler import Waking
from .service_runtime import Line
from .shared_store import Sharing


class Loop:
    """What comes in is put here; `step`, which is the processor's, takes it up."""

    def __init__(self, world: World, waking: Waking, lines: Sequence[Line], sharing: Sharing | None) -> None:
        self.world, self.waking, self.sharing = world, waking, sharing
        self._lines = lines
        self.intake, self.pace = Intake(), Pace()
        self.outbox: Outbox | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._recovered = False
        self._stopping = False

    async def step(self) -> bool:
        """One batch. False: the store could not take it; everything is put back."""
        raise NotImplementedError

    def put(self, incoming: Incoming) -> bool:
        """Queues a request; False when the queue is full."""
        if self.intake.full or self._stopping:
            return False
        self.intake.put(incoming)
        self._wake.set()
        return True

    def wake(self) -> None:
        """There is something to do that no message says."""
        self._wake.set()

    def put_internal(self, incoming: Incoming) -> None:
        self.intake.put(incoming)
        self._wake.set()

    @property
    def busy(self) -> bool:
        return bool(self.intake) or self._behind or (self.outbox is not None and self.outbox.waits)

    @property
    def _behind(self) -> bool:
        return any([line.behind for line in self._lines])

    async def run(self) -> None:
        """Until `stop`: waits for something to do, does it."""
        while True:
            await self._run()
            if self._failures or not self.busy:
                return

    async def _run(self) -> None:
        while not self._stopping or self.busy:
            self._wake.clear()
            if self._recovered and (ms := self.pace.linger_ms(self.intake, self._behind, self.world.now())):
                await self._pause(ms)
            if not self.busy and self._recovered:
                now = self.world.now()
                wait = self.waking.wait_ms(now)
                await self._pause(wait if self.sharing is None else self.sharing.wait_ms(wait, now))
                if self._stopping and not self.busy:
                    return
            if not await self.step():
                await asyncio.sleep(min(2.0, 0.05 * 2 ** min(self._failures, 6)) if self._failures else 0)
                if self._stopping:
                    return

    async def _pause(self, ms: int | None) -> None:
        """Until something comes, or for so long."""
        try:
            async with asyncio.timeout(None if ms is None else ms / 1000):
                await self._wake.wait()
        except TimeoutError:
            pass

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
