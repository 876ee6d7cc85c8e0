"""What an operator asks of the platform as a whole, whatever it sells: how deep the queues are, and what
could not be handled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from ..core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ..core.model import Query
from ..observability import context
from .operation import Operation, Who
from .orders import Timeline, TimelineEntry
from .values import Page, Stamp, View, stamp


class StatsView(View, frozen=True):
    """Depths, ages (ms) and lags."""

    requests_queued: int
    activities_running: int
    services: dict[str, Any]


class DeadLetterView(View, frozen=True):
    """A dead letter without its body, which may hold data that must not be shown on a page."""

    id: str
    status: Literal["RETRYING", "WAITING", "DEAD", "DONE"]
    origin: str
    name: str
    key: str
    attempts: int
    reason: str
    request_id: str
    due_at: Stamp
    first_at: Stamp
    last_at: Stamp


def dead_letter_view(letter: DeadLetter) -> DeadLetterView:
    return DeadLetterView(
        letter.id,
        letter.status,  # type: ignore[arg-type]
        letter.origin,
        letter.name,
        letter.key,
        letter.attempts,
        letter.reason,
        context.trace_id(letter.trace),
        stamp(letter.due_at),
        stamp(letter.first_at),
        stamp(letter.last_at),
    )


Told = tuple[str, tuple[int, str, str, str, str, str, str, int]]
"""An event as `ListEvents` is answered: its service; seq, id, name, key, body, cause, trace, at."""


def timeline_of(told: Iterable[Told]) -> Timeline:
    """In causal order: as the ids rise, and none before the one that caused it."""
    by_id = {row[1]: (service, row) for service, row in sorted(told, key=lambda entry: entry[1][1])}
    entries: dict[str, TimelineEntry] = {}
    for event_id in by_id:
        path = [event_id]
        while (cause := by_id[path[-1]][1][5]) in by_id and cause not in entries and cause not in path:
            path.append(cause)
        for one in reversed(path):
            entries.setdefault(one, _entry(*by_id[one]))
    return Timeline(list(entries.values()))


def _entry(service: str, row: tuple[int, str, str, str, str, str, str, int]) -> TimelineEntry:
    _seq, event_id, name, _key, body, cause, trace, at = row
    data = {field: value for field, value in msgspec.json.decode(body).items() if field != "type"}
    return TimelineEntry(event_id, service, name, data, cause, context.trace_id(trace), stamp(at))


class GetStats(Query, frozen=True, tag="ops.stats"):
    """Answered by the gateway itself."""


_LETTERS = "/api/v1/ops/dead-letters"
_GONE = (404, "not_found")
OPERATIONS = (
    Operation(
        "ops.stats",
        "GET",
        "/api/v1/ops/stats",
        GetStats,
        StatsView,
        Who.ADMIN,
        "Depths, ages and lags per service",
    ),
    Operation(
        "ops.dead_letters",
        "GET",
        _LETTERS,
        ListDeadLetters,
        Page[DeadLetterView],
        Who.ADMIN,
        "Messages that could not be handled, newest first",
        paged=True,
    ),
    Operation(
        "ops.replay",
        "POST",
        _LETTERS + "/{deadLetterId}/replay",
        ReplayDeadLetter,
        DeadLetterView,
        Who.ADMIN,
        "Try a dead letter again, now",
        200,
        (_GONE, (409, "waits_for_another")),
    ),
    Operation(
        "ops.discard",
        "POST",
        _LETTERS + "/{deadLetterId}/discard",
        DiscardDeadLetter,
        DeadLetterView,
        Who.ADMIN,
        "Give a dead letter up",
        200,
        (_GONE,),
    ),
)
