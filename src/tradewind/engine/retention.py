"""Keeps inbox and log bounded: what is older than the shop's memory goes, a little at a time, never before
every subscriber has read it.
"""

from __future__ import annotations

import asyncio
import logging

from ..core.failpoints import Broken, failpoint
from ..core.store import RowRefused, StoreUnavailable, Transaction
from .processor import Processor
from .service_runtime import ServiceRuntime

LOG = logging.getLogger("tradewind.retention")
TRIMMED = failpoint("retention.trimmed", "old rows are deleted, not committed")
EVERY_S, PAUSE_S = 30.0, 0.05
ROWS = 2_000


class Retention:
    """`keep_ms` is how long inbox and log rows are kept; 0 keeps them for ever."""

    def __init__(self, processor: Processor, keep_ms: int) -> None:
        self._processor, self._keep_ms = processor, keep_ms
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._keep_ms:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="retention")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                more = await self.sweep()
            except Exception:
                LOG.exception("old rows are not removed")
                more = False
            await asyncio.sleep(PAUSE_S if more else EVERY_S)

    async def sweep(self) -> bool:
        """One small transaction; True while there is more."""
        try:
            async with self._processor.transaction() as tx:
                if not self._processor.sound:
                    return False
                more = await self._trim(tx)
                TRIMMED()
        except (StoreUnavailable, RowRefused, Broken) as error:
            LOG.warning("old rows could not be removed now: %s", error)
            return False
        return more

    async def _trim(self, tx: Transaction) -> bool:
        before = self._processor.clock.now() - self._keep_ms
        more = False
        for runtime in self._processor.runtimes.values():
            await self._save_places(tx, runtime)
            more |= await tx.trim(runtime.inbox.rows, "at", before, ROWS) == ROWS
            old = [seq for seq, at in await tx.rows(runtime.oldest_seqs, {"n": ROWS}) if at < before]
            if old:
                # the newest row stays: it is what tells the next number after a restart
                below = min(old[-1] + 1, runtime.seq, self._read_by_all(runtime) + 1)
                more |= await tx.trim(runtime.log, "seq", below, ROWS) == ROWS
        return more

    async def _save_places(self, tx: Transaction, runtime: ServiceRuntime) -> None:
        places = [
            (name, subscription.position)
            for name, subscription in runtime.subscriptions.items()
            if not subscription.behind
        ]
        if places:
            await tx.upsert(runtime.cursors, places)

    def _read_by_all(self, source: ServiceRuntime) -> int:
        places = [
            r.subscriptions[source.name].position
            for r in self._processor.runtimes.values()
            if source.name in r.subscriptions
        ]
        return min(places, default=source.seq)
