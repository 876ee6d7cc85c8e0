"""Says which figures the processor gives away, so that it need not know who keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class BatchObserver(Protocol):
    def batch(self, messages: int, seconds: float) -> None: ...

    def commit(self, seconds: float) -> None: ...

    def said(self, events: Iterable[str]) -> None: ...


class BatchTracer(Protocol):
    """Follows the batches that serve a request whose trace is kept: `observability.spans.BatchSpans`."""

    def wanted(self, traces: Iterable[str]) -> list[str]: ...

    def batch(
        self,
        traceparents: Sequence[str],
        began: float,
        ended: float,
        statements: Iterable[tuple[str, float, float]] = (),
        messages: int = 0,
        error: str = "",
    ) -> None: ...
