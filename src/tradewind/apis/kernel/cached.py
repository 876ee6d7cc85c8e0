"""Reads through a cache that others share, and never puts into it what was forgotten while it was read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...core.cache import Cache


class _Load:
    """What is being read under one key. `stale`: it was forgotten meanwhile."""

    __slots__ = ("readers", "stale")

    def __init__(self) -> None:
        self.readers, self.stale = 0, False


class Cached:
    """What lies under `key` and an id for `seconds`. `holds`: whether a value that is found can be one, for
    others may write there too; what cannot be one is a miss.
    """

    def __init__(
        self, cache: Cache, key: str, seconds: int, holds: Callable[[bytes], bool] = lambda _: True
    ) -> None:
        self._cache, self._key, self._seconds, self._holds = cache, key, seconds, holds
        self._loading: dict[str, _Load] = {}

    async def read(self, id: object, load: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """From the cache; else as `load` says, whose None (there is no such thing) is kept nowhere."""
        key = f"{self._key}{id}"
        found = await self._cache.get(key)
        if found is not None and self._holds(found):
            return found
        loading = self._loading.setdefault(key, _Load())
        loading.readers += 1
        try:
            value = await load()
            if value is not None and not loading.stale:
                await self._cache.put(key, value, self._seconds)
            return value
        finally:
            loading.readers -= 1
            if not loading.readers and self._loading.get(key) is loading:
                del self._loading[key]

    async def forget(self, *ids: object) -> None:
        """After the commit of what has changed them."""
        keys = [f"{self._key}{id}" for id in ids]
        for key in keys:
            loading = self._loading.pop(key, None)
            if loading is not None:
                loading.stale = True
        await self._cache.forget(*keys)
