"""Counts and lists what waits, per service: what the operator's desk shows."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.dead_letters import DeadLetter, ListDeadLetters
from ..core.paging import below, page
from ..core.store import Reader, Store
from .processor import Processor
from .service_runtime import ServiceRuntime


class DeadLetterPage(NamedTuple):
    data: list[DeadLetter]
    next_cursor: str | None


async def list_dead_letters(
    store: Reader, runtimes: dict[str, ServiceRuntime], query: ListDeadLetters
) -> DeadLetterPage:
    """The dead letters of all services, newest first."""
    values = {"before": below(query.cursor), "n": query.limit + 1}
    found = [
        letter
        for runtime in runtimes.values()
        for letter in await store.find(runtime.parked, runtime.parked_page, values)
    ]
    found.sort(key=lambda letter: letter.id, reverse=True)
    shown, cursor = page(found, query.limit, lambda letter: letter.id)
    return DeadLetterPage(list(shown), cursor)


async def history(
    store: Reader, runtimes: dict[str, ServiceRuntime], key: str, limit: int = 1_000
) -> list[tuple[str, tuple[Any, ...]]]:
    """Every event about `key` that a service still remembers, with its speaker, in causal order: ids increase
    within the process.
    """
    said = [
        (name, row)
        for name, runtime in runtimes.items()
        for row in await store.rows(runtime.log_of, {"key": key, "n": limit})
    ]
    return sorted(said, key=lambda entry: entry[1][1])


async def stats(
    store: Store, runtimes: dict[str, ServiceRuntime], processor: Processor, now: int
) -> dict[str, Any]:
    """Depths, ages in ms, and lags in events."""
    services = {name: await _of(store, runtime, now) for name, runtime in runtimes.items()}
    return {
        "requestsQueued": len(processor.inbound.requests),
        "activitiesRunning": processor.runner.running,
        "services": services,
    }


async def _of(store: Store, runtime: ServiceRuntime, now: int) -> dict[str, Any]:
    late, first_due = (await store.rows(runtime.timers_late, {"now": now}))[0]
    untold, first_said = (await store.rows(runtime.outbox_state))[0]
    activities, oldest = (await store.rows(runtime.activity_count))[0]
    return {
        "logEnd": runtime.seq,
        "lag": {name: subscription.lag for name, subscription in runtime.subscriptions.items()},
        "activities": activities,
        "oldestActivityMs": 0 if oldest is None else max(0, now - oldest),
        "timersOverdue": late,
        "oldestTimerMs": 0 if first_due is None else max(0, now - first_due),
        "outbox": untold,
        "oldestOutboxMs": 0 if first_said is None else max(0, now - first_said),
        "parked": (await store.rows(runtime.parked_count))[0][0],
    }
