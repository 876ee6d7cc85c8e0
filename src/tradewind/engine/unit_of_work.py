"""The unit of work: what a batch has read and changed so far, seen by its next messages, written in one go at
the end.

Nothing a handler yields touches the store before it is written: a message that is refused or fails leaves no
trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..core.gateway import Reply
from ..core.model import Activity, Aggregate, Consult, Event, Message, Table
from ..core.store import Transaction
from .inbox import Envelope, Origin, encode
from .service_runtime import ACTIVITY, AGGREGATE, AT, EVENT, Find, ServiceRuntime, caller_id, name_of
from .statements import ActivityRow, EventRow, InboxRecord, TimerRow
from .subscriptions import Subscription

Rows = dict[str, Any]
Wanted = dict[Table[Any], dict[str, None]]
MOST = 3_000


class Absent(LookupError):
    """A row that a rule cannot do without is not there."""


class Writes:
    """What a batch writes. Filled by the unit of work alone; read by `statements.write`, and after the
    commit.
    """

    __slots__ = (
        "activities",
        "changed",
        "claimed",
        "created",
        "logged",
        "no_activities",
        "no_timers",
        "timers",
    )

    def __init__(self) -> None:
        self.changed: dict[Table[Any], Rows] = {}
        self.created: dict[Table[Any], set[str]] = {}
        self.logged: dict[ServiceRuntime, list[EventRow]] = {}
        self.timers: dict[ServiceRuntime, dict[str, TimerRow]] = {}
        self.no_timers: dict[ServiceRuntime, dict[str, None]] = {}
        self.activities: dict[ServiceRuntime, dict[str, ActivityRow]] = {}
        self.no_activities: dict[ServiceRuntime, dict[str, None]] = {}
        self.claimed: dict[ServiceRuntime, list[tuple[Any, ...]]] = {}


class AfterCommit:
    """What the processor does once the batch is committed. Filled by the unit of work alone."""

    __slots__ = ("answered", "aside", "keys", "started")

    def __init__(self) -> None:
        self.answered: list[Envelope] = []
        self.aside: list[tuple[Envelope, Consult]] = []
        self.started: list[tuple[ServiceRuntime, Activity, ActivityRow]] = []
        self.keys: set[str] = set()


class UnitOfWork:
    """Collects the effects of one batch. `rows` is what it has read and changed, `heard` what its next round
    handles, `left` what waits in its subscription, `handled` how many messages were decided.
    """

    def __init__(
        self,
        tx: Transaction,
        tables: Iterable[Table[Any]],
        cache: Mapping[Table[Any], Rows],
        at: int,
        lease_ms: int = 0,
    ) -> None:
        self.tx, self._cache, self.at, self.lease_ms = tx, cache, at, lease_ms
        self.rows: dict[Table[Any], Rows] = {table: {} for table in tables}
        self.writes, self.after = Writes(), AfterCommit()
        self.heard: list[Envelope] = []
        self.left: list[Envelope] = []
        self.handled = 0
        self._illegible: dict[tuple[Table[Any], str], str] = {}
        self._moved: set[Subscription] = set()
        self._log_pages: dict[tuple[str, int, int], list[Any]] = {}
        self._decoded: dict[str, Message] = {}

    # -- what handling a message leads to, beside its effects

    def answer(self, envelope: Envelope, reply: Reply) -> None:
        """It is told after the commit."""
        envelope.reply = reply
        self.after.answered.append(envelope)

    def set_aside(self, envelope: Envelope, pause: Consult) -> None:
        """Another service is asked after the commit."""
        self.after.aside.append((envelope, pause))

    def advance(self, subscription: Subscription) -> None:
        """The cursor of this subscription is written with the batch."""
        self._moved.add(subscription)

    def advanced(self, subscription: Subscription) -> bool:
        return subscription in self._moved

    def next_round(self) -> list[Envelope]:
        """The events that the last round has published, to be handled in the next."""
        heard, self.heard = self.heard, []
        return heard

    def undo_events(self, heard: int) -> None:
        """Takes back what a message has published that then failed."""
        del self.heard[heard:]

    def know(self, table: Table[Any], row: Aggregate) -> None:
        """The row is in the store, though no rule has asked for it."""
        self.rows[table].setdefault(row.id, row)

    # -- the log, read by subscribers that are behind

    async def log_after(self, source: ServiceRuntime, position: int, most: int) -> list[Any]:
        """The next rows of a log. Its subscribers stand at the same place as a rule: one read is for all of
        them.
        """
        place = source.name, position, most
        rows = self._log_pages.get(place)
        if rows is None:
            rows = self._log_pages[place] = await self.tx.rows(
                source.statements.log_after, {"after": position, "n": most}
            )
        return rows

    def decode(self, runtime: ServiceRuntime, kind: type[Message], event_id: str, body: str) -> Message:
        """An event of the log, decoded once for all its subscribers. Errors: msgspec.MsgspecError."""
        message = self._decoded.get(event_id)
        if message is None:
            message = self._decoded[event_id] = runtime.decode(kind, body)
        return message

    # -- rows

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
                        key = one(message) if one is not caller_id else envelope.caller.id
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
            self.writes.created.setdefault(table, set()).add(key)
        rows[key] = aggregate
        changed = self.writes.changed.get(table)
        if changed is None:
            changed = self.writes.changed[table] = {}
        changed[key] = aggregate

    def _log(self, runtime: ServiceRuntime, event: Event, body: str, envelope: Envelope, ids: Any) -> None:
        runtime.seq = seq = runtime.seq + 1
        name, subscribers = runtime.said[type(event)]
        key, event_id = event.key, ids.uuid()
        row = EventRow(seq, event_id, name, key, body, envelope.claim_id, envelope.trace, envelope.at)
        logged = self.writes.logged.get(runtime)
        if logged is None:
            logged = self.writes.logged[runtime] = []
        logged.append(row)
        self.after.keys.add(key)
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
        self.writes.timers.setdefault(runtime, {})[name] = TimerRow(name, name_of(what), body, when)
        self.writes.no_timers.get(runtime, {}).pop(name, None)

    def drop_timer(self, runtime: ServiceRuntime, name: str) -> None:
        self.writes.timers.get(runtime, {}).pop(name, None)
        self.writes.no_timers.setdefault(runtime, {})[name] = None

    def _start(
        self,
        runtime: ServiceRuntime,
        activity: Activity,
        body: str,
        envelope: Envelope,
        ids: Any,
        attempts: int = 0,
    ) -> None:
        row = ActivityRow(
            ids.uuid(),
            name_of(activity),
            body,
            attempts,
            envelope.at + self.lease_ms,
            "",
            envelope.trace,
            envelope.at,
        )
        self.writes.activities.setdefault(runtime, {})[row.id] = row
        self.after.started.append((runtime, activity, row))

    def put_activity(self, runtime: ServiceRuntime, row: ActivityRow) -> None:
        """It is under way or comes again: when, its row says."""
        self.writes.activities.setdefault(runtime, {})[row.id] = row

    def end_activity(self, runtime: ServiceRuntime, name: str) -> None:
        """Its row goes, also where this batch has just leased it anew: what came of it was waiting here
        meanwhile.
        """
        self.writes.activities.get(runtime, {}).pop(name, None)
        self.writes.no_activities.setdefault(runtime, {})[name] = None

    def claim(self, envelope: Envelope, status: int, reply: bytes) -> None:
        row = (envelope.inbox_id, envelope.fingerprint, status, reply.decode(), envelope.at)
        self.writes.claimed.setdefault(envelope.runtime, []).append(row)
        self.rows[envelope.runtime.inbox][envelope.inbox_id] = InboxRecord(*row)


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
