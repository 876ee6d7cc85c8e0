"""What every rate limiter does, whatever counts."""

from __future__ import annotations

import pytest

from tests.drivers.rate_limiter.conftest import Limiters
from tradewind.core.rate_limiter import Limit

SHAPES = pytest.mark.parametrize("window", [False, True], ids=["bucket", "window"])


@SHAPES
async def test_a_minutes_worth_at_once_then_a_wait_and_others_do_not_notice(
    limiters: Limiters, window: bool
) -> None:
    limiter = limiters.make(Limit(10, window))
    assert limiter.limits
    waits = [await limiters.take(limiter) for _ in range(11)]
    assert waits[:10] == [0] * 10
    assert (1 <= waits[10] <= 6) if not window else (55 <= waits[10] <= 60)
    assert await limiters.take(limiter, "b") == 0


async def test_a_share_that_is_regained_evenly(limiters: Limiters) -> None:
    limiter = limiters.make(Limit(60))
    while not await limiters.take(limiter):
        pass
    assert await limiters.take(limiter) <= 1
    await limiters.passes(1_050)
    assert await limiters.take(limiter) == 0


async def test_in_a_window_what_is_refused_counts_and_the_window_does_not_move(limiters: Limiters) -> None:
    limiter = limiters.make(Limit(2, window=True))
    assert [await limiters.take(limiter) for _ in range(2)] == [0, 0]
    first = await limiters.take(limiter)
    await limiters.passes(1_100)
    assert 0 < await limiters.take(limiter) < first


@SHAPES
async def test_no_limit(limiters: Limiters, window: bool) -> None:
    limiter = limiters.make(Limit(0, window))
    assert not limiter.limits
    assert [await limiters.take(limiter) for _ in range(100)] == [0] * 100
