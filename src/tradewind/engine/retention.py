"""Keeps inbox and log bounded: what is older than the shop's memory goes, a little at a time, never before every subscriber has read it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from ..core.failpoints import Broken, failpoint
from ..core.store import RowRefused, StoreUnavailable, Transaction
from .processor import Processor
from .service_runtime import Room

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
        async with self._processor.alone:
            if not self._processor.sound:
                return False
            try:
                tx = await self._processor.store.begin()
            except StoreUnavailable:
                self._processor.forget()
                return False
            try:
                more = await self._trim(tx)
                TRIMMED()
                await tx.commit()
            except (StoreUnavailable, RowRefused, Broken) as error:
                LOG.warning("old rows could not be removed now: %s", error)
                self._processor.forget()
                with suppress(StoreUnavailable):
                    await tx.rollback()
                return False
        return more

    async def _trim(self, tx: Transaction) -> bool:
        before = self._processor.world.now() - self._keep_ms
        more = False
        for room in self._processor.rooms.values():
            await self._save_places(tx, room)
            more |= await tx.trim(room.inbox.rows, "at", before, ROWS) == ROWS
            old = [seq for seq, at in await tx.rows(room.oldest_seqs, {"n": ROWS}) if at < before]
            if old:
                # the newest row stays: it is what tells the next number after a restart
                below = min(old[-1] + 1, room.seq, self._read_by_all(room) + 1)
                more |= await tx.trim(room.log, "seq", below, ROWS) == ROWS
        return more

    async def _save_places(self, tx: Transaction, room: Room) -> None:
        places = [(name, line.position) for name, line in room.lines.items() if not line.behind]
        if places:
            await tx.upsert(room.cursors, places)

    def _read_by_all(self, source: Room) -> int:
        places = [r.lines[source.name].position for r in self._processor.rooms.values() if source.name in r.lines]
        return min(places, default=source.seq)
