"""The unit of work: what a batch has read and changed so far, seen by its next messages, written in one go at the end.

Nothing a handler yields touches the store before `flush`: a message that is refused or fails leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from ..failpoints import failpoint
from ..model import Activity, Aggregate, Event, Load, Table, wire_name
from ..store.port import Transaction
from ..store.schema import codec
from .desk import Parked
from .incoming import Incoming, Origin, encode
from .rooms import ACTIVITY, AGGREGATE, AT, EVENT, Claimed, Room

WRITTEN_ROWS = failpoint("batch.rows-written", "aggregates are written, events and claims are not")
WRITTEN_LOG = failpoint("batch.log-written", "aggregates and events are written, timers, activities and claims are not")

Rows = dict[str, Any]


class Unit:
    """Collects the effects of one batch."""

    def __init__(self, tx: Transaction, cache: Mapping[Table[Any], Rows], subscribers: Mapping[type[Event], list[Room]]) -> None:
        self.tx, self._cache, self._subscribers = tx, cache, subscribers
        self.rows: dict[Table[Any], Rows] = {}
        self.changed: dict[Table[Any], Rows] = {}
        self.created: dict[Table[Any], set[str]] = {}
        self.logged: dict[Room, list[tuple[Any, ...]]] = {}
        self.timers: dict[Room, dict[str, tuple[Any, ...]]] = {}
        self.no_timers: dict[Room, dict[str, None]] = {}
        self.activities: dict[Room, dict[str, tuple[Any, ...]]] = {}
        self.started: list[tuple[Room, Activity, tuple[Any, ...]]] = []
        self.no_activities: dict[Room, dict[str, None]] = {}
        self.claimed: dict[Room, list[tuple[Any, ...]]] = {}
        self.heard: list[Incoming] = []
        self.left: list[Incoming] = []
        self.moved: set[Any] = set()
        self.answered: list[Incoming] = []
        self.aside: list[tuple[Incoming, Any]] = []
        self.keys: set[str] = set()
        self.handled = 0

    def overlay(self, table: Table[Any]) -> Rows:
        rows = self.rows.get(table)
        if rows is None:
            rows = self.rows[table] = {}
        return rows

    async def fetch(self, wanted: Mapping[Table[Any], Iterable[str]]) -> None:
        """Brings rows into the unit; a key that has no row is known as None from then on."""
        for table, keys in wanted.items():
            rows, cached = self.overlay(table), self._cache.get(table)
            missing = []
            for key in keys:
                if key not in rows:
                    known = cached.get(key) if cached else None
                    if known is None:
                        missing.append(key)
                    rows[key] = known
            if missing:
                for found in await self.tx.load(table, missing):
                    rows[found.id] = found

    def wanted(self, loads: tuple[Load[Any, Any], ...], message: Any, wanted: dict[Table[Any], dict[str, None]]) -> None:
        """Adds the keys of these loads that are not here yet."""
        for load in loads:
            subject = message
            if load.via is not None:
                subject = self._one(load.via, message)
                if subject is None:
                    continue
            rows = self.rows.get(load.table, {})
            for key in load.keys(subject):
                if key not in rows:
                    wanted.setdefault(load.table, {})[key] = None

    def _one(self, load: Load[Any, Any], message: Any) -> Any:
        for key in load.keys(message):
            return self.rows.get(load.table, {}).get(key)
        return None

    def argument(self, load: Load[Any, Any], message: Any) -> Any:
        """The rows one load stands for; all of them must have been fetched. Errors: LookupError for a row that must exist."""
        if load.how == "each":
            subject = message if load.via is None else self._one(load.via, message)
            if subject is None:
                return {}
            rows = self.rows.get(load.table, {})
            return {key: row for key in load.keys(subject) if (row := rows.get(key)) is not None}
        row = self._one(load, message)
        if row is None and load.how == "one":
            raise LookupError(load.table.name)
        return row

    def apply(self, incoming: Incoming, effects: list[Any], ids: Any) -> None:
        """Takes over what a handler yielded, once it has come to its end."""
        room = incoming.room
        kinds = [room.kind(type(effect)) for effect in effects]
        for kind, effect in zip(kinds, effects, strict=True):
            if kind == AGGREGATE:
                self.save(room.tables[type(effect)], effect)
            elif kind == EVENT:
                self._log(room, effect, incoming, ids)
            elif kind == AT:
                self._set_timer(room, effect.when, effect.what)
            elif kind == ACTIVITY:
                self._start(room, effect, incoming, ids)
            else:
                self.drop_timer(room, timer_id(effect.what))

    def save(self, table: Table[Any], aggregate: Aggregate) -> None:
        rows = self.overlay(table)
        key = aggregate.id
        if rows.get(key) is None:
            self.created.setdefault(table, set()).add(key)
        rows[key] = aggregate
        self.changed.setdefault(table, {})[key] = aggregate

    def _log(self, room: Room, event: Event, incoming: Incoming, ids: Any) -> None:
        room.seq += 1
        key, event_id = event.key, ids.uuid()
        body = encode(event).decode()
        row = (room.seq, event_id, wire_name(type(event)), key, body, incoming.ref, incoming.trace, incoming.at)
        self.logged.setdefault(room, []).append(row)
        self.keys.add(key)
        for subscriber in self._subscribers.get(type(event), ()):
            heard = Incoming(subscriber, event, Origin.EVENT, event_id, incoming.at, trace=incoming.trace)
            heard.seq, heard.source = room.seq, room.name
            self.heard.append(heard)

    def _set_timer(self, room: Room, when: int, what: Any) -> None:
        name = timer_id(what)
        self.timers.setdefault(room, {})[name] = (name, wire_name(type(what)), encode(what).decode(), when)
        self.no_timers.get(room, {}).pop(name, None)

    def drop_timer(self, room: Room, name: str) -> None:
        self.timers.get(room, {}).pop(name, None)
        self.no_timers.setdefault(room, {})[name] = None

    def _start(self, room: Room, activity: Activity, incoming: Incoming, ids: Any) -> None:
        row = (ids.uuid(), wire_name(type(activity)), encode(activity).decode(), 0, incoming.at, "", incoming.trace, incoming.at)
        self.activities.setdefault(room, {})[row[0]] = row
        self.started.append((room, activity, row))

    def claim(self, incoming: Incoming, status: int, reply: bytes) -> None:
        row = (incoming.claim, incoming.fingerprint, status, reply.decode(), incoming.at)
        self.claimed.setdefault(incoming.room, []).append(row)
        self.overlay(incoming.room.inbox)[incoming.claim] = Claimed(*row)

    async def flush(self) -> None:
        """Writes everything, one statement per table and kind of change."""
        tx = self.tx
        for table, changed in self.changed.items():
            to_row, created = codec(table).to_row, self.created.get(table, ())
            inserts: list[Any] = []
            updates: list[Any] = []
            gone: list[str] = []
            for key, aggregate in changed.items():
                if type(aggregate) is Parked and aggregate.status == "DONE":
                    gone.append(key)
                else:
                    (inserts if key in created else updates).append(to_row(aggregate))
            await _write(tx.insert, table.rows, inserts)
            await _write(tx.update, table.rows, updates)
            await _write(tx.delete, table.rows, gone)
        WRITTEN_ROWS()
        for room, log in self.logged.items():
            await tx.insert(room.log, log)
        WRITTEN_LOG()
        for room, names in self.no_timers.items():
            await _write(tx.delete, room.timers, list(names))
        for room, timers in self.timers.items():
            await _write(tx.upsert, room.timers, list(timers.values()))
        for room, ended in self.no_activities.items():
            await _write(tx.delete, room.activities, list(ended))
        for room, rows in self.activities.items():
            await _write(tx.upsert, room.activities, list(rows.values()))
        for room, claims in self.claimed.items():
            await tx.insert(room.inbox.rows, claims)


async def _write(how: Any, table: sa.Table, rows: list[Any]) -> None:
    if rows:
        await how(table, rows)


def timer_id(what: Any) -> str:
    return f"{wire_name(type(what))}:{what.key}"
