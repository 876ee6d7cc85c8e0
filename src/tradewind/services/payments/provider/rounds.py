"""Runs a job at the times that the job itself returns, so that the provider needs no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .port import ProviderDown

Clock = Callable[[], int]
Sleep = Callable[[float], Awaitable[None]]
AGAIN_MS = 1_000


class Rounds:
    def __init__(self, job: Callable[[], Awaitable[int | None]], *, clock: Clock, sleep: Sleep) -> None:
        """`job` answers when it wants to run next (ms), or None: not before it is poked."""
        self._job, self._clock, self._sleep = job, clock, sleep
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        self._poked.set()

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()

    async def _run(self) -> None:
        while True:
            self._poked.clear()
            try:
                at = await self._job()
            except ProviderDown:
                at = self._clock() + AGAIN_MS
            if at is None:
                await self._poked.wait()
            elif (ms := at - self._clock()) > 0:
                await self._doze(ms / 1_000)

    async def _doze(self, seconds: float) -> None:
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.create_task(self._poked.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
