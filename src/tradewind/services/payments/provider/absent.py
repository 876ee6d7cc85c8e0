"""Stands where a payment provider would, in a process that moves no money."""

from __future__ import annotations

from typing import Any

from ....core.failpoints import Broken


class NoProvider:
    """Nothing is started here, so nobody calls it."""

    def __getattr__(self, name: str) -> Any:
        raise Broken(f"no payment provider is at work here: {name} is not to be called")
