"""A Redis that a test may stop, kill or silence, and what two copies of a process have of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from tests.support.redis import RedisServer, own_redis
from tradewind.core.rate_limiter import Limit, RateLimiter, in_process
from tradewind.drivers.redis.cache import RedisCache
from tradewind.drivers.redis.link import RedisLink
from tradewind.drivers.redis.rate_limiter import SharedLimiter

DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with own_redis() as found:
        yield found


class Copy:
    """What one process has of Redis."""

    def __init__(self, url: str, answer_s: float = 0.1) -> None:
        self.link = RedisLink(url, answer_s=answer_s)
        self.cache = RedisCache(self.link)

    def limiter(self, limit: Limit) -> RateLimiter:
        return SharedLimiter(self.link, limit, in_process(limit))

    async def is_up(self, up: bool = True) -> None:
        await until(lambda: self.link.up is up)


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.fixture
async def copy(server: RedisServer) -> AsyncIterator[Callable[..., Awaitable[Copy]]]:
    """Makes one that is connected."""
    made: list[Copy] = []

    async def make(answer_s: float = 0.1) -> Copy:
        one = Copy(server.url, answer_s)
        made.append(one)
        await one.link.start(DEADLINE_S)
        await one.is_up()
        return one

    yield make
    for one in made:
        await one.link.stop()
