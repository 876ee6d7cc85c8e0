"""Makes sure that every step ends in an answer: the one place of an API where any error at all is caught.

A question to the gateway is usually answered without waiting (a read in this process), so it is asked without
a task: the coroutine is started at once, and only one that really waits is carried on in a task of its
own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Then = Callable[[T], None]
Failed = Callable[[BaseException], None]


def attempt(failed: Failed, step: Callable[..., None], *given: Any) -> None:
    try:
        step(*given)
    except Exception as error:
        failed(error)


class PendingReads:
    """What is being awaited. Each is given `seconds`; exactly one of its two callbacks is called, always from
    the event loop.

    `at_once`: answers need no waiting as a rule. What is started that way has no task until its first wait,
    so it may not open an `asyncio.timeout` before; where the answers come over a network, a task from the
    start costs little.
    """

    def __init__(self, seconds: float, at_once: bool = True) -> None:
        self._seconds, self._at_once = seconds, at_once
        self._tasks: set[asyncio.Task[Any]] = set()  # the loop holds its tasks weakly

    def run(self, asked: Coroutine[Any, Any, T], then: Then[T], failed: Failed) -> None:
        if not self._at_once:
            self.later(asked, then, failed, self._seconds)
            return
        value: T
        try:
            first = asked.send(None)
        except StopIteration as end:
            value = end.value
        except Exception as error:
            failed(error)
            return
        else:
            self.later(_rest(asked, first), then, failed, self._seconds)
            return
        attempt(failed, then, value)

    def later(self, asked: Awaitable[T], then: Then[T], failed: Failed, seconds: float) -> None:
        """In a task from the start."""
        task = asyncio.get_running_loop().create_task(_within(seconds, asked))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._settle(done, then, failed))

    def _settle(self, task: asyncio.Task[T], then: Then[T], failed: Failed) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            attempt(failed, then, task.result())
        else:
            failed(error)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _within(seconds: float, asked: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await asked


@coroutine
def _rest(asked: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """What `await asked` would do, from its first wait on."""
    while True:
        try:
            try:
                sent = yield waits_for
            except GeneratorExit:
                asked.close()
                raise
            except BaseException as error:  # thrown in: a cancellation, a deadline
                waits_for = asked.throw(error)
            else:
                waits_for = asked.send(sent)
        except StopIteration as end:
            value: T = end.value
            return value
