"""Runs a process from its start to its last answer, in the same way whatever it does."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ...core.store import StoreUnavailable

SIGNALS = (signal.SIGTERM, signal.SIGINT)
ENDED = "the processor has stopped; the log says why. Nothing that was accepted is lost: start again"


READY_S, SAY_S, AGAIN_S = 25.0, 5.0, 0.1
"""Less than a supervisor waits before it kills a process that is not ready; when it is worth a line."""
LOG = logging.getLogger("tradewind.start")


class Runnable(Protocol):
    """`start` returns the URL of the process; `stop` also cleans up after a start that failed."""

    async def start(self) -> str: ...

    async def stop(self) -> None: ...


async def until_ready(missing: Callable[[], list[str]], late: Callable[[], list[str]] = list) -> None:
    """Waits for what may start with this process, and says once what that is. Past its time the process lives
    on, and its health page says the same. What is only late is not waited for long.
    """
    clock = asyncio.get_running_loop().time
    began, said = clock(), False
    while (lacks := missing() or late()) and (passed := clock() - began) < READY_S:
        if passed >= SAY_S:
            if not said:
                LOG.warning("waits: %s", ", ".join(lacks))
                said = True
            if not missing():
                return
        await asyncio.sleep(AGAIN_S)


async def run(
    process: Runnable, started: Callable[[str], None], ended: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Until SIGTERM or Ctrl-C; the second one does not wait. `ended` returns when the process cannot go on.
    Errors: those of its start; StoreUnavailable, when it has ended by itself.
    """
    leave, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, leave.set)
    try:
        told, starting = loop.create_task(leave.wait()), loop.create_task(process.start())
        await asyncio.wait({told, starting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():  # asked to leave while it waits for others
            starting.cancel()
            await asyncio.wait({starting})
            return
        started(starting.result())
        waits: set[asyncio.Future[Any]] = {told}
        if ended is not None:
            waits.add(asyncio.ensure_future(ended()))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not leave.is_set():
            raise StoreUnavailable(ENDED)
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        await process.stop()
