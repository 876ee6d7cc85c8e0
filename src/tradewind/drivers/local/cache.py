"""Keeps a cache in the memory of one process, where nothing else is there for it."""

from __future__ import annotations

from collections.abc import Callable

MOST_BYTES = 32 * 1024 * 1024
OVERHEAD = 200
"""Bytes that an entry takes beside its value, about."""


class LocalCache:
    """`now` tells ms. Holds at most `most_bytes`: what was put first goes first."""

    def __init__(self, now: Callable[[], int], most_bytes: int = MOST_BYTES) -> None:
        self._now, self._most = now, most_bytes
        self._kept: dict[str, tuple[bytes, int]] = {}
        self._bytes = 0

    async def get(self, key: str) -> bytes | None:
        value, until = self._kept.get(key, (None, 0))
        if value is not None and until <= self._now():
            self._drop(key)
            return None
        return value

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        self._drop(key)
        if len(value) + OVERHEAD > self._most:
            return
        self._kept[key] = value, self._now() + seconds * 1_000
        self._bytes += len(value) + OVERHEAD
        while self._bytes > self._most:
            self._drop(next(iter(self._kept)))

    async def forget(self, *keys: str) -> None:
        for key in keys:
            self._drop(key)

    def _drop(self, key: str) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped[0]) + OVERHEAD
