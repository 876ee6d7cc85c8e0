"""A cache in memory has a bound."""

from __future__ import annotations

from tradewind.drivers.local.cache import OVERHEAD, LocalCache


async def test_what_was_put_first_goes_first() -> None:
    cache = LocalCache(lambda: 0, most_bytes=3 * (100 + OVERHEAD))
    for number in range(5):
        await cache.put(str(number), bytes(100), 300)
    assert [await cache.get(str(number)) is not None for number in range(5)] == [False] * 2 + [True] * 3
    await cache.put("large", bytes(10_000), 300)
    assert await cache.get("large") is None
    assert await cache.get("4") is not None
