"""Speaks with Redis over one connection, and never keeps a caller waiting for it.

What is asked while an answer is awaited goes together in the next pipeline. A caller who gives up has no
part in the connection, so that no other one can be given his answer; a connection that answers late is
closed. While Redis is away everything is answered with LOST at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from ...core.extras import MissingExtra
from ...core.readers import without_password

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as missing:
    raise MissingExtra("TRADEWIND_REDIS_URL needs redis-py", "redis") from missing

LOG = logging.getLogger("tradewind.redis")
ANSWER_S = 0.1
"""For a pipeline. A caller waits for the one that is under way and for his own."""
OPEN_S = 2.0
IDLE_S = 0.5
"""After so long without a call the server is asked whether it is there."""
PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
MOST_AT_ONCE, MOST_WAITING = 500, 10_000


class Lost:
    """No answer: Redis is away, or did not take the command."""


LOST: Final = Lost()
Command: TypeAlias = tuple[Any, ...]
Then: TypeAlias = Callable[[Any], None]
Ask: TypeAlias = Callable[..., Awaitable[Any]]


class RedisLink:
    """`opening` is called on each new connection before it is used, and asks by what it is given."""

    def __init__(self, url: str, *, answer_s: float = ANSWER_S) -> None:
        self._url, self._answer_s = url, answer_s
        self.up = False
        self.lives = 0
        self.opening: list[Callable[[Ask], Awaitable[None]]] = []
        self._told = False
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._waiting: list[tuple[Command, Then]] = []
        self._sent: list[tuple[Command, Then]] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self, seconds: float) -> None:
        """Waits so long at most for a connection, and goes on without one."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def send(self, command: Command, then: Then) -> None:
        """Calls `then` with the answer or LOST, from the event loop: soon where Redis is away, else within
        twice `answer_s`.
        """
        if not self.up or len(self._waiting) >= MOST_WAITING:
            asyncio.get_running_loop().call_soon(then, LOST)
            return
        self._waiting.append((command, then))
        self._wake.set()

    async def ask(self, *command: Any) -> Any:
        """The answer, or LOST."""
        if not self.up:
            return LOST
        answer = asyncio.get_running_loop().create_future()
        self.send(command, lambda value: None if answer.done() else answer.set_result(value))
        return await answer

    async def _run(self) -> None:
        pause = PAUSE_S
        while True:
            client = Redis.from_url(
                self._url,
                retry=Retry(NoBackoff(), 0),
                single_connection_client=True,
                socket_connect_timeout=OPEN_S,
                socket_timeout=None,
                protocol=2,
            )
            ask: Ask = client.execute_command
            try:
                async with asyncio.timeout(OPEN_S):
                    for prepare in self.opening:
                        await prepare(ask)
                    await ask("PING")
                self._tell_up()
                pause = PAUSE_S
                while True:
                    await self._exchange(client)
            except (RedisError, OSError, TimeoutError) as error:
                self._tell_lost(error)
            finally:
                self.up = False
                self._drop()
                await _close(client)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _exchange(self, client: Redis) -> None:
        """One pipeline. Errors: RedisError, OSError, TimeoutError."""
        if not self._waiting:
            self._wake.clear()
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                self._waiting.append((("PING",), _nothing))
        self._sent, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        pipeline = client.pipeline(transaction=False)
        for command, _ in self._sent:
            pipeline.execute_command(*command)
        async with asyncio.timeout(self._answer_s):
            answers = await pipeline.execute(raise_on_error=False)
        loop = asyncio.get_running_loop()
        sent, self._sent = self._sent, []
        for (command, then), answer in zip(sent, answers, strict=True):
            if isinstance(answer, RedisError):
                LOG.warning("Redis refuses %s: %s", command[0], answer)
                answer = LOST
            loop.call_soon(then, answer)  # an error of one is none of the others

    def _drop(self) -> None:
        lost = [*self._sent, *self._waiting]
        self._sent, self._waiting = [], []
        for _, then in lost:
            asyncio.get_running_loop().call_soon(then, LOST)

    def _tell_up(self) -> None:
        self.up, self._told = True, False
        self.lives += 1
        self._changed.set()
        if self.lives > 1:
            LOG.info("Redis is back")

    def _tell_lost(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            LOG.warning(
                "Redis is away (%s, %s): limits are counted in each process, and nothing is cached",
                without_password(self._url),
                str(error) or type(error).__name__,
            )


def _nothing(_: object) -> None: ...


async def _close(client: Redis) -> None:
    with suppress(RedisError, OSError, TimeoutError):  # it is gone in any case
        async with asyncio.timeout(1.0):
            await client.aclose()
            await client.connection_pool.disconnect()
