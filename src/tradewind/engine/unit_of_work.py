"""The unit of work: what a batch has read and changed so far, seen by its next messages, written in one go at
the end.

Nothing a handler yields touches the store before it is written: a message that is refused or fails leaves no
trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..core.model import Activity, Aggregate, Event, Message, Table
from ..core.store import Transaction
from .inbox import Envelope, Origin, encode
from .service_runtime import ACTIVITY, AGGREGATE, AT, EVENT, Find, ServiceRuntime, name_of
from .statements import InboxRecord

Rows = dict[str, Any]
Wanted = dict[Table[Any], dict[str, None]]
MOST = 3_000


class Absent(LookupError):
    """A row that a rule cannot do without is not there."""


class Unit:
    """Collects the effects of one batch."""

    def __init__(
        self,
        tx: Transaction,
        tables: Iterable[Table[Any]],
        cache: Mapping[Table[Any], Rows],
        at: int,
        lease_ms: int = 0,
    ) -> None:
        self.tx, self._cache, self.at, self.lease_ms = tx, cache, at, lease_ms
        self._illegible: dict[tuple[Table[Any], str], str] = {}
        self.rows: dict[Table[Any], Rows] = {table: {} for table in tables}
        self.changed: dict[Table[Any], Rows] = {}
        self.created: dict[Table[Any], set[str]] = {}
        self.logged: dict[ServiceRuntime, list[tuple[Any, ...]]] = {}
        self.timers: dict[ServiceRuntime, dict[str, tuple[Any, ...]]] = {}
        self.no_timers: dict[ServiceRuntime, dict[str, None]] = {}
        self.activities: dict[ServiceRuntime, dict[str, tuple[Any, ...]]] = {}
        self.started: list[tuple[ServiceRuntime, Activity, tuple[Any, ...]]] = []
        self.no_activities: dict[ServiceRuntime, dict[str, None]] = {}
        self.told: list[tuple[ServiceRuntime, tuple[Any, ...]]] = []
        self.kept: dict[str, list[str]] = {}
        self.claimed: dict[ServiceRuntime, list[tuple[Any, ...]]] = {}
        self.heard: list[Envelope] = []
        self.left: list[Envelope] = []
        self.moved: set[Any] = set()
        self.answered: list[Envelope] = []
        self.aside: list[tuple[Envelope, Any]] = []
        self.keys: set[str] = set()
        self.read: dict[tuple[str, int, int], list[Any]] = {}
        self.decoded: dict[str, Message] = {}
        self.handled = 0

    async def prepare(self, batch: list[Envelope], *, alone: bool = False) -> None:
        """Loads the rows that a batch needs, as far as its messages name them: one SELECT a table."""
        wanted: Wanted = {}
        rows = self.rows
        for envelope in batch:
            message = envelope.message
            plan = envelope.runtime.plans.get(type(message))
            if plan is None:
                continue
            envelope.keys = keys = []
            try:
                for table, one, many, via, _must in plan.finds:
                    if one is not None:
                        key = one(message)
                        keys.append(key)
                        if key not in rows[via or table]:
                            wanted.setdefault(via or table, {})[key] = None
                    elif many is not None:
                        several = tuple(many(message))
                        keys.append(several)
                        known = rows[table]
                        for key in several:
                            if key not in known:
                                wanted.setdefault(table, {})[key] = None
            except Exception:
                # a rule's bug: it is met again where it hurts its own message alone
                envelope.keys = None
                if alone:
                    raise
        if wanted:
            await self.fetch(wanted)

    async def arguments(self, envelope: Envelope, finds: tuple[Find, ...]) -> list[Any]:
        """What a handler is called with. Errors: Absent for a row that must exist."""
        if envelope.keys is None:
            await self.prepare([envelope], alone=True)
        while True:
            wanted: Wanted = {}
            found = [
                self._argument(find, key, wanted)
                for find, key in zip(finds, envelope.keys or (), strict=True)
            ]
            if not wanted:
                return found
            await self.fetch(wanted)

    def _argument(self, find: Find, key: Any, wanted: Wanted) -> Any:
        table, one, many, via, must = find
        rows = self.rows[table]
        if self._illegible:
            self._legible(find, key)
        if one is not None and via is None:
            row = rows.get(key)
            if row is None and must:
                raise Absent(table.name)
            return row
        if via is not None and many is not None:
            subject = self.rows[via].get(key)
            key = () if subject is None else many(subject)
        found = {}
        for one_key in key:
            if one_key not in rows:
                wanted.setdefault(table, {})[one_key] = None
            elif (row := rows[one_key]) is not None:
                found[one_key] = row
        return found

    def _legible(self, find: Find, key: Any) -> None:
        keys = (key,) if find.one is not None else key
        for place in ((table, one) for table in (find.table, find.via) for one in keys):
            if place in self._illegible:
                raise ValueError(
                    f"the row {place[1]} of {find.table.name} cannot be read: {self._illegible[place]}"
                )

    async def fetch(self, wanted: Mapping[Table[Any], Iterable[str]]) -> None:
        """Brings rows into the unit; a key that has no row is known as None from then on."""
        for table, keys in wanted.items():
            rows, cached = self.rows[table], self._cache.get(table)
            missing = []
            for key in keys:
                if key not in rows:
                    known = cached.get(key) if cached else None
                    if known is None:
                        missing.append(key)
                    rows[key] = known
            if missing:
                for found in await self._load(table, missing):
                    rows[found.id] = found

    async def _load(self, table: Table[Any], keys: list[str]) -> list[Any]:
        try:
            return await self.tx.load(table, keys)
        except msgspec.MsgspecError as error:
            if len(keys) > 1:
                return [row for key in keys for row in await self._load(table, [key])]
            # only the message that needs this row fails
            self._illegible[table, keys[0]] = str(error)
            return []

    def apply(self, envelope: Envelope, effects: list[Any], ids: Any) -> None:
        """Takes over what a handler yielded, once it has come to its end."""
        runtime = envelope.runtime
        # spelled out before any of it is taken over: what cannot be written leaves no half behind
        bodies = [self._spelled(runtime, effect) for effect in effects]
        kinds = runtime.kinds
        for effect, body in zip(effects, bodies, strict=True):
            kind = kinds[type(effect)]
            if kind == AGGREGATE:
                self.save(runtime.tables[type(effect)], effect)
            elif kind == EVENT:
                self._log(runtime, effect, body, envelope, ids)
            elif kind == AT:
                self._set_timer(runtime, effect.when, effect.what, body)
            elif kind == ACTIVITY:
                self._start(runtime, effect, body, envelope, ids)
            else:
                self.drop_timer(runtime, timer_id(effect.what))

    def start_again(self, envelope: Envelope, ids: Any) -> None:
        """An activity that was a dead letter begins anew, as one that may have been carried out."""
        message: Any = envelope.message
        self._start(envelope.runtime, message, encode(message).decode(), envelope, ids, attempts=1)

    @staticmethod
    def _spelled(runtime: ServiceRuntime, effect: Any) -> str:
        """What will be written of an effect, where that is its JSON. Errors: TypeError for what is no effect
        here, ValueError.
        """
        kind = runtime.kinds.get(type(effect), -1)
        if kind == -1:
            kind = runtime.kind(type(effect))
        if kind in (EVENT, ACTIVITY):
            return encode(effect).decode()
        if kind == AT and type(effect.what) not in runtime.rules:
            raise TypeError(
                f"{runtime.name}: a handler sets {type(effect.what).__name__}, which it does not hear"
            )
        return encode(effect.what).decode() if kind == AT else ""

    def save(self, table: Table[Any], aggregate: Aggregate) -> None:
        rows, key = self.rows[table], aggregate.id
        if rows.get(key) is None:
            self.created.setdefault(table, set()).add(key)
        rows[key] = aggregate
        changed = self.changed.get(table)
        if changed is None:
            changed = self.changed[table] = {}
        changed[key] = aggregate

    def _log(self, runtime: ServiceRuntime, event: Event, body: str, envelope: Envelope, ids: Any) -> None:
        runtime.seq = seq = runtime.seq + 1
        name, subscribers = runtime.said[type(event)]
        key, event_id = event.key, ids.uuid()
        row = (seq, event_id, name, key, body, envelope.ref, envelope.trace, envelope.at)
        logged = self.logged.get(runtime)
        if logged is None:
            logged = self.logged[runtime] = []
        logged.append(row)
        self.keys.add(key)
        for subscriber in subscribers:
            self.heard.append(
                Envelope(
                    subscriber,
                    event,
                    Origin.EVENT,
                    event_id,
                    envelope.at,
                    trace=envelope.trace,
                    seq=seq,
                    source=runtime.name,
                )
            )

    def _set_timer(self, runtime: ServiceRuntime, when: int, what: Any, body: str) -> None:
        name = timer_id(what)
        self.timers.setdefault(runtime, {})[name] = (name, name_of(what), body, when)
        self.no_timers.get(runtime, {}).pop(name, None)

    def drop_timer(self, runtime: ServiceRuntime, name: str) -> None:
        self.timers.get(runtime, {}).pop(name, None)
        self.no_timers.setdefault(runtime, {})[name] = None

    def _start(
        self,
        runtime: ServiceRuntime,
        activity: Activity,
        body: str,
        envelope: Envelope,
        ids: Any,
        attempts: int = 0,
    ) -> None:
        row = (
            ids.uuid(),
            name_of(activity),
            body,
            attempts,
            envelope.at + self.lease_ms,
            "",
            envelope.trace,
            envelope.at,
        )
        self.activities.setdefault(runtime, {})[row[0]] = row
        self.started.append((runtime, activity, row))

    def end_activity(self, runtime: ServiceRuntime, name: str) -> None:
        """Its row goes, also where this batch has just leased it anew: what came of it was waiting here
        meanwhile.
        """
        self.activities.get(runtime, {}).pop(name, None)
        self.no_activities.setdefault(runtime, {})[name] = None

    def claim(self, envelope: Envelope, status: int, reply: bytes) -> None:
        row = (envelope.claim, envelope.fingerprint, status, reply.decode(), envelope.at)
        self.claimed.setdefault(envelope.runtime, []).append(row)
        self.rows[envelope.runtime.inbox][envelope.claim] = InboxRecord(*row)


def timer_id(what: Any) -> str:
    return f"{name_of(what)}:{what.key}"


class Cache:
    """A cache of committed rows, the last written of each table, so that the next message of the same order
    need not read them. Valid only while no other process writes.
    """

    def __init__(self) -> None:
        self.rows: dict[Table[Any], dict[str, Any]] = {}

    def remember(self, changed: Mapping[Table[Any], Mapping[str, Any]]) -> None:
        for table, rows in changed.items():
            known = self.rows.setdefault(table, {})
            known.update(rows)
            for _ in range(len(known) - MOST):
                del known[next(iter(known))]

    def clear(self) -> None:
        self.rows.clear()
