"""The framework tables of a service: what is asked of them, and how a unit of work is written in the fewest
statements, which is what makes a batch cheaper than its messages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from ..core.dead_letters import DeadLetter
from ..core.failpoints import failpoint
from ..core.model import Aggregate, Table
from ..core.schema import codec
from ..core.store import RowRefused
from .tables import FrameworkTables, framework_tables

if TYPE_CHECKING:
    from .unit_of_work import UnitOfWork

RELAY = "relay"
"""A cursor without a subscriber: a row to be locked."""
BLANKED = "blanked"
"""The cursor of the sweep that blanks marked fields of the log."""

WRITTEN_ROWS = failpoint("batch.rows-written", "aggregates are written, events and claims are not")
WRITTEN_LOG = failpoint(
    "batch.log-written", "aggregates and events are written, timers, activities and claims are not"
)


class EventRow(NamedTuple):
    """A row of the log. `cause`: the claim of the message that led to it."""

    seq: int
    id: str
    name: str
    key: str
    body: str
    cause: str
    trace: str
    at: int


class ActivityRow(NamedTuple):
    """An activity that is to be carried out. `reason`: why the last attempt failed."""

    id: str
    name: str
    body: str
    attempts: int
    due_at: int
    reason: str
    trace: str
    at: int


class TimerRow(NamedTuple):
    id: str
    name: str
    body: str
    due_at: int


class InboxRecord(Aggregate, frozen=True):
    """An inbox row: what was decided for a request, kept for its next copies."""

    fingerprint: str
    status: int
    reply: str
    at: int


class ServiceTables:
    """The engine's tables of a service, with their statements. One object for every runtime of a service: a
    statement is compiled once an object.
    """

    def __init__(self, tables: FrameworkTables) -> None:
        self.log, self.cursors, self.outbox = tables.log, tables.cursors, tables.outbox
        self.timers, self.activities = tables.timers, tables.activities
        self.counters = tables.counters
        self.inbox = Table(InboxRecord, tables.inbox)
        self.parked = Table(DeadLetter, tables.parked)
        self.statements = Statements(self)


class Statements:
    """What the engine asks of the tables of a service. Constants: nothing here changes."""

    def __init__(self, tables: ServiceTables) -> None:
        log, timers, activities, parked = (
            tables.log.c,
            tables.timers.c,
            tables.activities.c,
            tables.parked.rows.c,
        )
        now: Any = sa.bindparam("now")
        n: Any = sa.bindparam("n")
        self.last_seq = sa.select(sa.func.coalesce(sa.func.max(log.seq), 0))
        self.newest_event = sa.select(log.id).order_by(log.seq.desc()).limit(1)
        self.newest_parked = sa.select(parked.id).order_by(parked.id.desc()).limit(1)
        self.oldest_seqs = sa.select(log.seq, log.at).order_by(log.seq).limit(n)
        self.log_after = (
            sa.select(tables.log).where(log.seq > sa.bindparam("after")).order_by(log.seq).limit(n)
        )
        self.log_of = sa.select(tables.log).where(log.key == sa.bindparam("key")).order_by(log.seq).limit(n)
        self.positions = sa.select(tables.cursors)
        self.timers_due = (
            sa.select(tables.timers)
            .where(timers.due_at <= now)
            .order_by(timers.due_at, timers.id)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        self.next_timer = sa.select(sa.func.min(timers.due_at)).where(timers.due_at > now)
        self.timers_late: Any = sa.select(sa.func.count(), sa.func.min(timers.due_at)).where(
            timers.due_at <= now
        )
        self.activities_due = (
            sa.select(tables.activities)
            .where(activities.due_at <= now)
            .order_by(activities.due_at, activities.id)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        self.activity = sa.select(activities.id).where(activities.id == sa.bindparam("id")).with_for_update()
        self.next_activity = sa.select(sa.func.min(activities.due_at)).where(activities.due_at > now)
        self.activity_count: Any = sa.select(sa.func.count(), sa.func.min(activities.at)).select_from(
            tables.activities
        )
        earlier = tables.parked.rows.alias("earlier")
        first = ~sa.exists().where(earlier.c.key == parked.key, earlier.c.key != "", earlier.c.id < parked.id)
        open_ = sa.or_(parked.status == "RETRYING", parked.status == "WAITING")
        self.parked_due = (
            sa.select(tables.parked.rows)
            .where(open_, parked.due_at <= now, first)
            .order_by(parked.id)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        self.next_parked = sa.select(sa.func.min(parked.due_at)).where(open_, first, parked.due_at > now)
        self.parked_keys = sa.select(parked.key).where(parked.key != "").distinct()
        self.parked_page = (
            sa.select(tables.parked.rows)
            .where(parked.id < sa.bindparam("before"))
            .order_by(parked.id.desc())
            .limit(n)
        )
        self.outbox_of = sa.select(tables.outbox.c.id).where(tables.outbox.c.key == sa.bindparam("key"))
        held = tables.outbox.alias("held")
        outbox = tables.outbox.c
        free = ~sa.exists().where(held.c.key == outbox.key, held.c.seq < outbox.seq, held.c.lease >= now)
        self.outbox_left = (
            sa.select(
                outbox.id, outbox.seq, outbox.key, outbox.lease, outbox.at, log.name, log.body, log.trace
            )
            .join(tables.log, log.seq == outbox.seq)
            .where(outbox.lease < now, outbox.seq > sa.bindparam("after"), free)
            .order_by(outbox.seq)
            .limit(n)
        )
        self.outbox_state: Any = sa.select(sa.func.count(), sa.func.min(outbox.at))
        # the process with the lock of this row is the relay
        self.relay_turn = (
            sa.select(tables.cursors.c.source)
            .where(tables.cursors.c.source == RELAY)
            .with_for_update(skip_locked=True)
        )
        self.first_in_outbox = sa.select(sa.func.min(outbox.seq))
        # the process with the lock of this row is the one
        self.blanking_turn = (
            sa.select(tables.cursors.c.position)
            .where(tables.cursors.c.source == BLANKED)
            .with_for_update(skip_locked=True)
        )
        self.parked_count = sa.select(sa.func.count()).select_from(tables.parked.rows)


@cache
def tables_of(service: str) -> ServiceTables:
    return ServiceTables(framework_tables(service))


async def write(unit: UnitOfWork) -> None:
    """Everything, one statement per table and kind of change."""
    tx = unit.tx
    for table, changed in unit.writes.changed.items():
        to_row, created = codec(table).to_row, unit.writes.created.get(table, ())
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
    for runtime, log in unit.writes.logged.items():
        await tx.insert(runtime.log, log)
    WRITTEN_LOG()
    for runtime, names in unit.writes.no_timers.items():
        await _write(tx.delete, runtime.timers, list(names))
    for runtime, timers in unit.writes.timers.items():
        await _write(tx.upsert, runtime.timers, list(timers.values()))
    for runtime, ended in unit.writes.no_activities.items():
        await _write(tx.delete, runtime.activities, list(ended))
    for runtime, rows in unit.writes.activities.items():
        await _write(tx.upsert, runtime.activities, list(rows.values()))
    for runtime, claims in unit.writes.claimed.items():
        await tx.insert(runtime.inbox.rows, claims)


def _row(to_row: Callable[[Any], tuple[Any, ...]], aggregate: Aggregate) -> tuple[Any, ...]:
    try:
        return to_row(aggregate)
    except (TypeError, ValueError) as error:
        raise RowRefused(f"a {type(aggregate).__name__} cannot be written: {error}") from error


async def _write(how: Any, table: sa.Table, rows: list[Any]) -> None:
    if rows:
        await how(table, rows)
