"""Knows which task belongs to which life of the shop, so that a crash ends exactly what a killed process
would end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any

OUTSIDE = 0
MOST_ROUNDS = 10_000
LIFE: ContextVar[int] = ContextVar("life", default=OUTSIDE)


class Crash(BaseException):
    """The process is killed here. No code catches it, as none catches a SIGKILL."""


class Lives:
    """Makes the loop's tasks. `trouble` gets every error that ends a task of the shop, which would be lost in
    a real process.
    """

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self._trouble = trouble
        self._tasks: dict[int, dict[asyncio.Task[Any], None]] = {}

    def __call__(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        /,
        **more: Any,
    ) -> asyncio.Task[Any]:
        """The loop's task factory."""
        task = asyncio.Task(coro, loop=loop, **more)
        life = LIFE.get()
        tasks = self._tasks.setdefault(life, {})
        tasks[task] = None
        task.add_done_callback(lambda ended: self._ended(tasks, ended, life))
        return task

    def _ended(self, tasks: dict[asyncio.Task[Any], None], task: asyncio.Task[Any], life: int) -> None:
        tasks.pop(task, None)
        if life != OUTSIDE and not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._trouble(f"{task.get_coro()!r} ended with {type(error).__name__}: {error}")

    async def end(self, life: int) -> None:
        """Ends every task of a life, in the order in which they began; also those that one which ends makes
        way for.
        """
        tasks = self._tasks.get(life, {})
        for _ in range(MOST_ROUNDS):
            if not tasks:
                break
            for task in list(tasks):
                task.cancel()
            await asyncio.sleep(0)
        else:
            self._trouble(f"cannot be ended: {', '.join(repr(task.get_coro()) for task in tasks)}")
        self._tasks.pop(life, None)
