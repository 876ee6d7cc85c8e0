"""What a process gives the engine beside its services: metrics, tracing, and access to what runs in other
processes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from ..core.model import Message, Query, Refused


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


def ignore_outcome(name: str, outcome: str) -> None:
    """Counts nothing."""


def not_here_says(kind: type[Message]) -> str:
    return f"No service of this process takes {kind.__name__}."


async def not_here(query: Query, trace: str, deadline: int) -> Any:
    raise Refused("not_here", 503, not_here_says(type(query)), retry_after=1)


class Hooks(NamedTuple):
    """`activity` gets the name and the outcome of each call; `elsewhere` asks the services of other
    processes, for a request of this trace and deadline; `committed` gets the keys of what a batch has
    published; without `perform`, activities stay in their rows: an operator's command starts none.
    """

    observer: BatchObserver | None = None
    tracer: BatchTracer | None = None
    activity: Callable[[str, str], None] = ignore_outcome
    elsewhere: Callable[[Query, str, int], Awaitable[Any]] = not_here
    committed: Callable[[set[str]], None] | None = None
    perform: bool = True


NO_HOOKS = Hooks()
