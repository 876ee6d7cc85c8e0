"""What every cache does, whatever keeps it."""

from __future__ import annotations

from tests.drivers.cache.conftest import Caches


async def test_what_was_put_is_found_until_it_is_forgotten(caches: Caches) -> None:
    cache = caches.cache
    assert await cache.get(caches.key("a")) is None
    await cache.put(caches.key("a"), b'{"id":1}', 300)
    await cache.put(caches.key("b"), b"\x00\xff", 300)
    assert [await cache.get(caches.key(name)) for name in "ab"] == [b'{"id":1}', b"\x00\xff"]
    await cache.put(caches.key("a"), b"2", 300)
    assert await cache.get(caches.key("a")) == b"2"
    await cache.forget(caches.key("a"), caches.key("b"), caches.key("never"))
    assert [await cache.get(caches.key(name)) for name in "ab"] == [None, None]


async def test_nothing_is_kept_longer_than_it_may(caches: Caches) -> None:
    cache = caches.cache
    await cache.put(caches.key("a"), b"1", 1)
    await cache.put(caches.key("b"), b"1", 300)
    await caches.passes(1_100)
    assert [await cache.get(caches.key(name)) for name in "ab"] == [None, b"1"]


async def test_forgetting_nothing_is_no_error(caches: Caches) -> None:
    await caches.cache.forget()
