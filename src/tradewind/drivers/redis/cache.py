"""Keeps a cache in Redis, for all copies of a process and for others who know its keys."""

from __future__ import annotations

import time

from .link import LOST, Ask, RedisLink

MOST_UNSAID = 100_000
AT_ONCE = 1_000


class RedisCache:
    """What was forgotten while Redis was away is deleted there before it is used again. Past `MOST_UNSAID`
    such keys nothing is found until all that could have lain there has ended.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._unsaid: dict[str, None] = {}
        self._longest_s = 0
        self._blind_until = 0.0
        self.found = self.missed = 0
        link.opening.append(self._say)

    async def get(self, key: str) -> bytes | None:
        value = await self._link.ask("GET", key)
        if value is LOST or value is None or time.monotonic() < self._blind_until or key in self._unsaid:
            self.missed += 1
            return None
        self.found += 1
        kept: bytes = value
        return kept

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        self._longest_s = max(self._longest_s, seconds)
        await self._link.ask("SETEX", key, seconds, value)

    async def forget(self, *keys: str) -> None:
        if not keys or await self._link.ask("DEL", *keys) is not LOST:
            return
        self._unsaid.update(dict.fromkeys(keys))
        if len(self._unsaid) > MOST_UNSAID:
            self._unsaid.clear()
            self._blind_until = time.monotonic() + self._longest_s

    async def _say(self, ask: Ask) -> None:
        while self._unsaid:
            keys = list(self._unsaid)[:AT_ONCE]
            await ask("DEL", *keys)
            for key in keys:
                del self._unsaid[key]
