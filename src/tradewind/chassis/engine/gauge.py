"""Says which figures the processor gives away, so that it need not know who keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Gauge(Protocol):
    def batch(self, messages: int, seconds: float) -> None: ...

    def commit(self, seconds: float) -> None: ...

    def said(self, events: Iterable[str]) -> None: ...
