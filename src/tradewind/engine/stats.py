"""Counts and lists what waits, per service: what the operator's desk shows."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.paging import below, page
from ..core.store import Reader, Store
from .dead_letter import ListParked, Parked
from .processor import Processor
from .service_runtime import Room


class ParkedPage(NamedTuple):
    data: list[Parked]
    next_cursor: str | None


async def list_parked(store: Reader, rooms: dict[str, Room], query: ListParked) -> ParkedPage:
    """The dead letters of all services, newest first."""
    values = {"before": below(query.cursor), "n": query.limit + 1}
    found = [letter for room in rooms.values() for letter in await store.find(room.parked, room.parked_page, values)]
    found.sort(key=lambda letter: letter.id, reverse=True)
    shown, cursor = page(found, query.limit, lambda letter: letter.id)
    return ParkedPage(list(shown), cursor)


async def history(store: Reader, rooms: dict[str, Room], key: str, limit: int = 1_000) -> list[tuple[str, tuple[Any, ...]]]:
    """Every event about `key` that a service still remembers, with its speaker, in causal order: ids increase within the process."""
    said = [(name, row) for name, room in rooms.items() for row in await store.rows(room.log_of, {"key": key, "n": limit})]
    return sorted(said, key=lambda entry: entry[1][1])


async def stats(store: Store, rooms: dict[str, Room], processor: Processor, now: int) -> dict[str, Any]:
    """Depths, ages in ms, and lags in events."""
    services = {name: await _of(store, room, now) for name, room in rooms.items()}
    return {
        "requestsQueued": len(processor.intake.requests),
        "activitiesRunning": processor.runner.running,
        "services": services,
    }


async def _of(store: Store, room: Room, now: int) -> dict[str, Any]:
    late, first_due = (await store.rows(room.timers_late, {"now": now}))[0]
    untold, first_said = (await store.rows(room.outbox_state))[0]
    activities, oldest = (await store.rows(room.activity_count))[0]
    return {
        "logEnd": room.seq,
        "lag": {name: line.lag for name, line in room.lines.items()},
        "activities": activities,
        "oldestActivityMs": 0 if oldest is None else max(0, now - oldest),
        "timersOverdue": late,
        "oldestTimerMs": 0 if first_due is None else max(0, now - first_due),
        "outbox": untold,
        "oldestOutboxMs": 0 if first_said is None else max(0, now - first_said),
        "parked": (await store.rows(room.parked_count))[0][0],
    }
