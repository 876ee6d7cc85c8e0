"""The caches that the suite runs on."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import pytest

from tests.drivers.clocks import Hand, Wall
from tests.support.redis import redis_url
from tradewind.core.cache import Cache
from tradewind.drivers.local.cache import LocalCache
from tradewind.drivers.redis.cache import RedisCache
from tradewind.drivers.redis.link import RedisLink


class Caches(NamedTuple):
    """`key` makes a key that no other test has; `passes` lets so many ms pass."""

    cache: Cache
    key: Callable[[str], str]
    passes: Callable[[int], Awaitable[None]]


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.redis)])
async def caches(request: pytest.FixtureRequest) -> AsyncIterator[Caches]:
    if request.param == "local":
        clock = Hand()
        yield Caches(LocalCache(clock.now), str, clock.passes)
        return
    link = RedisLink(redis_url(), answer_s=10.0)  # however busy the machine is
    cache, own = RedisCache(link), uuid.uuid4().hex
    await link.start(30.0)
    yield Caches(cache, lambda name: f"test:{own}:{name}", Wall().passes)
    await link.stop()
