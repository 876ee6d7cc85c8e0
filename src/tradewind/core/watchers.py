"""Wakes those who wait for a change under a key. Apart from the gateways, because each offers it: for a
change that is committed here, and for one that another process tells of.
"""

from __future__ import annotations

import asyncio


class Watchers:
    """Who waits, by key. Bounded by the requests that wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    async def wait(self, key: str, timeout: float) -> bool:
        """Until something about `key` has changed, or for `timeout` seconds. False: nothing came."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(key, set())
        waiting.add(future)
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        finally:
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(key, None)
        return True

    def wake(self, keys: set[str]) -> None:
        for key in self._waiting.keys() & keys if self._waiting else ():
            for future in self._waiting[key]:
                if not future.done():
                    future.set_result(None)
