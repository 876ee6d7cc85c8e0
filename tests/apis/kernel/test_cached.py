"""What is read through a cache is never older than the last that was forgotten."""

from __future__ import annotations

import asyncio

import pytest

from tradewind.apis.kernel.cached import Cached
from tradewind.drivers.local.cache import LocalCache

START = 1_700_000_000_000


class Source:
    """Where a thing is read from, until `gate` is open."""

    def __init__(self) -> None:
        self.value: bytes | None = b"old"
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> bytes | None:
        self.reads += 1
        value = self.value
        await self.gate.wait()
        return value


async def test_a_thing_is_read_once_and_what_there_is_not_each_time() -> None:
    cache, source = LocalCache(lambda: START), Source()
    orders = Cached(cache, "order:", 300)
    assert [await orders.read(1, source.load) for _ in range(3)] == [b"old"] * 3
    assert (source.reads, await cache.get("order:1")) == (1, b"old")
    source.value = None
    assert [await orders.read(2, source.load) for _ in range(2)] == [None, None]
    assert (source.reads, await cache.get("order:2")) == (3, None)


async def test_what_cannot_be_one_is_a_miss_and_written_anew() -> None:
    cache, source = LocalCache(lambda: START), Source()
    await cache.put("order:1", b"[]", 300)
    orders = Cached(cache, "order:", 300, holds=lambda value: value.startswith(b"o"))
    assert await orders.read(1, source.load) == b"old"
    assert await cache.get("order:1") == b"old"


async def test_what_is_forgotten_while_it_is_read_is_not_put() -> None:
    cache, source = LocalCache(lambda: START), Source()
    orders = Cached(cache, "order:", 300)
    source.gate.clear()
    slow = asyncio.create_task(orders.read(1, source.load))
    while not source.reads:
        await asyncio.sleep(0)
    source.value = b"new"
    await orders.forget(1)
    fresh = asyncio.create_task(orders.read(1, source.load))
    while source.reads < 2:
        await asyncio.sleep(0)
    source.gate.set()
    assert (await slow, await fresh) == (b"old", b"new")
    assert await cache.get("order:1") == b"new"
    assert not orders._loading


async def test_a_read_that_ends_in_an_error_leaves_nothing_behind() -> None:
    cache = LocalCache(lambda: START)
    orders = Cached(cache, "order:", 300)

    async def fails() -> bytes:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await orders.read(1, fails)
    assert not orders._loading
