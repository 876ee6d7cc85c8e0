"""Writes what a unit has collected, in the fewest statements: what makes a batch cheaper than its
messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ..core.dead_letters import DeadLetter
from ..core.failpoints import failpoint
from ..core.model import Aggregate
from ..core.schema import codec
from ..core.store import RowRefused
from .unit_of_work import Unit

WRITTEN_ROWS = failpoint("batch.rows-written", "aggregates are written, events and claims are not")
WRITTEN_LOG = failpoint(
    "batch.log-written", "aggregates and events are written, timers, activities and claims are not"
)


async def write(unit: Unit) -> None:
    """Everything, one statement per table and kind of change."""
    tx = unit.tx
    for table, changed in unit.changed.items():
        to_row, created = codec(table).to_row, unit.created.get(table, ())
        inserts: list[Any] = []
        updates: list[Any] = []
        gone: list[str] = []
        for key, aggregate in changed.items():
            if type(aggregate) is DeadLetter and aggregate.status == "DONE":
                gone.append(key)
            else:
                (inserts if key in created else updates).append(_row(to_row, aggregate))
        await _write(tx.insert, table.rows, inserts)
        await _write(tx.update, table.rows, updates)
        await _write(tx.delete, table.rows, gone)
    WRITTEN_ROWS()
    for runtime, log in unit.logged.items():
        await tx.insert(runtime.log, log)
    WRITTEN_LOG()
    for runtime, names in unit.no_timers.items():
        await _write(tx.delete, runtime.timers, list(names))
    for runtime, timers in unit.timers.items():
        await _write(tx.upsert, runtime.timers, list(timers.values()))
    for runtime, ended in unit.no_activities.items():
        await _write(tx.delete, runtime.activities, list(ended))
    for runtime, rows in unit.activities.items():
        await _write(tx.upsert, runtime.activities, list(rows.values()))
    for runtime, claims in unit.claimed.items():
        await tx.insert(runtime.inbox.rows, claims)


def _row(to_row: Callable[[Any], tuple[Any, ...]], aggregate: Aggregate) -> tuple[Any, ...]:
    try:
        return to_row(aggregate)
    except (TypeError, ValueError) as error:
        raise RowRefused(f"a {type(aggregate).__name__} cannot be written: {error}") from error


async def _write(how: Any, table: sa.Table, rows: list[Any]) -> None:
    if rows:
        await how(table, rows)
