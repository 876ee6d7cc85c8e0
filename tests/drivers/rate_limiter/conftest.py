"""The rate limiters that the suite runs on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.drivers.clocks import Hand, Wall
from tests.support.redis import redis_url
from tradewind.core.rate_limiter import Limit, RateLimiter, in_process
from tradewind.drivers.redis.link import RedisLink
from tradewind.drivers.redis.rate_limiter import SharedLimiter


class Limiters(NamedTuple):
    """`make` makes a limiter whose counts no other test has; `passes` lets so many ms pass."""

    make: Callable[[Limit], RateLimiter]
    now: Callable[[], int]
    passes: Callable[[int], Awaitable[None]]

    async def take(self, limiter: RateLimiter, who: str = "a") -> int:
        return await taken(limiter, who, self.now())


async def taken(limiter: RateLimiter, who: str, now: int) -> int:
    wait = limiter.at_once(who, now)
    if wait is not None:
        return wait
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    limiter.ask(who, now, answer.set_result)
    return await answer


@pytest.fixture(params=["in-process", pytest.param("redis", marks=pytest.mark.redis)])
async def limiters(request: pytest.FixtureRequest) -> AsyncIterator[Limiters]:
    if request.param == "in-process":
        clock = Hand()
        yield Limiters(in_process, clock.now, clock.passes)
        return
    link, own, wall = RedisLink(redis_url(), answer_s=10.0), f"test:{uuid.uuid4().hex}:", Wall()
    await link.start(30.0)

    def make(limit: Limit) -> RateLimiter:
        return SharedLimiter(link, replace(limit, key=own), in_process(limit))

    yield Limiters(make, wall.now, wall.passes)
    await link.stop()
