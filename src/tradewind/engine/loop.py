"""Waits for something to do and has it done, batch after batch, until it is stopped and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..core.clock import Clock
from .batch_policy import BatchPolicy
from .envelope import Envelope
from .inbound_queue import InboundQueue
from .outbox import Outbox
from .scheduler import Scheduler
from .service_runtime import Subscription
from .shared_store import SharedStoreMode


class Loop:
    """What comes in is put here; `step`, which is the processor's, takes it up."""

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        subscriptions: Sequence[Subscription],
        shared_mode: SharedStoreMode | None,
    ) -> None:
        self.clock, self.scheduler, self.shared_mode = clock, scheduler, shared_mode
        self._subscriptions = subscriptions
        self.inbound, self.batch_policy = InboundQueue(), BatchPolicy()
        self.outbox: Outbox | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._recovered = False
        self._stopping = False

    async def step(self) -> bool:
        """One batch. False: the store could not take it; everything is put back."""
        raise NotImplementedError

    def put(self, envelope: Envelope) -> bool:
        """Queues a request; False when the queue is full."""
        if self.inbound.full or self._stopping:
            return False
        self.inbound.put(envelope)
        self._wake.set()
        return True

    def wake(self) -> None:
        """There is something to do that no message says."""
        self._wake.set()

    def put_internal(self, envelope: Envelope) -> None:
        self.inbound.put(envelope)
        self._wake.set()

    @property
    def busy(self) -> bool:
        return bool(self.inbound) or self._behind or (self.outbox is not None and self.outbox.waits)

    @property
    def _behind(self) -> bool:
        return any([subscription.behind for subscription in self._subscriptions])

    async def run(self) -> None:
        """Until `stop`: waits for something to do, does it."""
        while True:
            await self._run()
            if self._failures or not self.busy:
                return

    async def _run(self) -> None:
        while not self._stopping or self.busy:
            self._wake.clear()
            if self._recovered and (
                ms := self.batch_policy.linger_ms(self.inbound, self._behind, self.clock.now())
            ):
                await self._pause(ms)
            if not self.busy and self._recovered:
                now = self.clock.now()
                wait = self.scheduler.wait_ms(now)
                await self._pause(wait if self.shared_mode is None else self.shared_mode.wait_ms(wait, now))
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
