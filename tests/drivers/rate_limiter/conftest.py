"""The rate limiters that the suite runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from tests.drivers.clocks import Hand
from tradewind.core.rate_limiter import Limit, RateLimiter, in_process


class Limiters(NamedTuple):
    """`make` makes a limiter whose counts no other test has; `passes` lets so many ms pass."""

    make: Callable[[Limit], RateLimiter]
    now: Callable[[], int]
    passes: Callable[[int], Awaitable[None]]

    async def take(self, limiter: RateLimiter, who: str = "a") -> int:
        wait = limiter.at_once(who, self.now())
        if wait is not None:
            return wait
        answer = asyncio.get_running_loop().create_future()
        limiter.ask(who, self.now(), answer.set_result)
        return int(await answer)


@pytest.fixture
def limiters() -> Limiters:
    clock = Hand()
    return Limiters(in_process, clock.now, clock.passes)
