"""Keeps copies of what is dear to find, for a while. A cache decides nothing: one that is away, or has
forgotten, costs speed alone.
"""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """Each call returns within a fifth of a second and raises nothing, whatever is away. What was forgotten
    while the cache was away is not found there when it is back.
    """

    async def get(self, key: str) -> bytes | None:
        """None: it is not known here, or not now."""
        ...

    async def put(self, key: str, value: bytes, seconds: int) -> None: ...

    async def forget(self, *keys: str) -> None: ...
