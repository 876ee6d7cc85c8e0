"""Runs what takes long until it is done or a signal ends it, with its figures kept."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def run(work: Coroutine[Any, Any, None]) -> int:
    """The number of the signal that ended it early; 0: it came to its end."""
    return asyncio.run(_until_told(work))


async def _until_told(coroutine: Coroutine[Any, Any, None]) -> int:
    work, loop = asyncio.create_task(coroutine), asyncio.get_running_loop()
    stopped = 0

    def stop(number: int) -> None:
        nonlocal stopped
        stopped = number
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        await work
    except asyncio.CancelledError:
        if not stopped:
            raise
    return stopped
