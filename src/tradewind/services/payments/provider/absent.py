"""Takes the place of a payment provider in a process that makes no payments."""

from __future__ import annotations

from typing import Any

from ....core.failpoints import Broken


class NoProvider:
    """Never called, because no payment is made here."""

    def start(self) -> None:
        """There is nothing to start."""

    async def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise Broken(f"no payment provider is at work here: {name} is not to be called")
