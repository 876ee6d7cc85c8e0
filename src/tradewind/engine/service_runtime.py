"""What the processor knows of each service it runs: its tables, its rules, its place in every log it
reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any

import msgspec
import sqlalchemy as sa

from ..core.dead_letters import DeadLetter
from ..core.model import (
    Activity,
    Aggregate,
    CancelTimer,
    Event,
    Message,
    Rule,
    Service,
    SetTimer,
    Table,
    wire_name,
)
from .dead_letter_handlers import HANDLERS
from .envelope import Unreadable
from .plans import Plan, plan

AGGREGATE, EVENT, ACTIVITY, AT, NEVER = range(5)
TAIL = 8_000
RELAY = "relay"
"""The cursor of nobody: a row to be locked."""


_names: dict[type[Message], str] = {}


def name_of(message: Message) -> str:
    """Its name on the wire."""
    kind = type(message)
    name = _names.get(kind)
    if name is None:
        name = _names[kind] = wire_name(kind)
    return name


class InboxRecord(Aggregate, frozen=True):
    """An inbox row: what was decided for a request, kept for its next copies."""

    fingerprint: str
    status: int
    reply: str
    at: int


class Subscription:
    """One subscriber's place in one source's log. `tail` holds what was handed on in memory but not handled
    yet; with `gap` the log holds more than the tail, and is read instead.
    """

    __slots__ = ("gap", "position", "source", "tail")

    def __init__(self, source: ServiceRuntime) -> None:
        self.source = source
        self.position = 0
        self.tail: deque[Any] = deque()
        self.gap = False

    @property
    def behind(self) -> bool:
        return self.gap or bool(self.tail)

    @property
    def lag(self) -> int:
        return max(0, self.source.seq - self.position)

    def keep(self, envelope: Any) -> None:
        if self.gap:
            return
        if len(self.tail) >= TAIL:
            self.tail.clear()
            self.gap = True
        else:
            self.tail.append(envelope)


class ServiceTables:
    """A service's own tables, and what is asked of them. The same for every room of a service: a statement is
    compiled once an object.
    """

    def __init__(self, name: str, tables: Mapping[str, sa.Table]) -> None:
        self.log, self.cursors = tables[f"{name}.log"], tables[f"{name}.cursors"]
        self.outbox = tables[f"{name}.outbox"]
        self.timers, self.activities = tables[f"{name}.timers"], tables[f"{name}.activities"]
        self.inbox = Table(InboxRecord, tables[f"{name}.inbox"])
        self.parked = Table(DeadLetter, tables[f"{name}.parked"])
        log, timers, activities, parked = self.log.c, self.timers.c, self.activities.c, self.parked.rows.c
        now: Any = sa.bindparam("now")
        n: Any = sa.bindparam("n")
        self.last_seq = sa.select(sa.func.coalesce(sa.func.max(log.seq), 0))
        self.newest_event = sa.select(log.id).order_by(log.seq.desc()).limit(1)
        self.newest_parked = sa.select(parked.id).order_by(parked.id.desc()).limit(1)
        self.oldest_seqs = sa.select(log.seq, log.at).order_by(log.seq).limit(n)
        self.log_after = sa.select(self.log).where(log.seq > sa.bindparam("after")).order_by(log.seq).limit(n)
        self.log_of = sa.select(self.log).where(log.key == sa.bindparam("key")).order_by(log.seq).limit(n)
        self.positions = sa.select(self.cursors)
        self.timers_due = (
            sa.select(self.timers)
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
            sa.select(self.activities)
            .where(activities.due_at <= now)
            .order_by(activities.due_at, activities.id)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        self.activity = sa.select(activities.id).where(activities.id == sa.bindparam("id")).with_for_update()
        self.next_activity = sa.select(sa.func.min(activities.due_at)).where(activities.due_at > now)
        self.activity_count: Any = sa.select(sa.func.count(), sa.func.min(activities.at)).select_from(
            self.activities
        )
        earlier = self.parked.rows.alias("earlier")
        first = ~sa.exists().where(earlier.c.key == parked.key, earlier.c.key != "", earlier.c.id < parked.id)
        open_ = sa.or_(parked.status == "RETRYING", parked.status == "WAITING")
        self.parked_due = (
            sa.select(self.parked.rows)
            .where(open_, parked.due_at <= now, first)
            .order_by(parked.id)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        self.next_parked = sa.select(sa.func.min(parked.due_at)).where(open_, first, parked.due_at > now)
        self.parked_keys = sa.select(parked.key).where(parked.key != "").distinct()
        self.parked_page = (
            sa.select(self.parked.rows)
            .where(parked.id < sa.bindparam("before"))
            .order_by(parked.id.desc())
            .limit(n)
        )
        self.outbox_of = sa.select(self.outbox.c.id).where(self.outbox.c.key == sa.bindparam("key"))
        held = self.outbox.alias("held")
        outbox = self.outbox.c
        free = ~sa.exists().where(held.c.key == outbox.key, held.c.seq < outbox.seq, held.c.lease >= now)
        self.outbox_left = (
            sa.select(
                outbox.id, outbox.seq, outbox.key, outbox.lease, outbox.at, log.name, log.body, log.trace
            )
            .join(self.log, log.seq == outbox.seq)
            .where(outbox.lease < now, free)
            .order_by(outbox.seq)
            .limit(n)
        )
        self.outbox_state: Any = sa.select(sa.func.count(), sa.func.min(outbox.at))
        # whoever has this row locked is the relay
        self.relay_turn = (
            sa.select(self.cursors.c.source)
            .where(self.cursors.c.source == RELAY)
            .with_for_update(skip_locked=True)
        )
        self.parked_count = sa.select(sa.func.count()).select_from(self.parked.rows)


@cache
def _corner(name: str, md: sa.MetaData) -> ServiceTables:
    return ServiceTables(name, md.tables)


class ServiceRuntime(ServiceTables):
    """A service as the processor runs it."""

    def __init__(self, service: Service) -> None:
        self.service, self.name = service, service.name
        vars(self).update(vars(_corner(self.name, next(iter(service.tables.values())).rows.metadata)))
        self.tables: dict[type[Aggregate], Table[Any]] = {**service.tables, DeadLetter: self.parked}
        self.rules: dict[type[Message], Rule] = {
            **service.rules,
            **{kind: make(self.parked) for kind, make in HANDLERS.items()},
        }
        self.plans: dict[type[Message], Plan] = {kind: plan(rule) for kind, rule in self.rules.items()}
        self.subscriptions: dict[str, Subscription] = {}
        self.seq = 0
        self.blocked: set[str] = set()
        self.stale = False
        self.says = {wire_name(kind): kind for kind in service.says}
        self._decoders: dict[type[Message], Callable[[str], Any]] = {}
        self.kinds: dict[type[Any], int] = {SetTimer: AT, CancelTimer: NEVER}
        self.said: dict[type[Event], tuple[str, tuple[ServiceRuntime, ...]]] = {}
        known = [*service.rules, *service.performs, *service.says]
        self.kinds_by_name: dict[str, type[Message]] = {wire_name(kind): kind for kind in known}

    def kind(self, effect: type[Any]) -> int:
        """Which of the five effects a type is."""
        found = self.kinds.get(effect)
        if found is None:
            parents = ((Aggregate, AGGREGATE), (Event, EVENT), (Activity, ACTIVITY))
            found = next((number for parent, number in parents if issubclass(effect, parent)), -1)
            if found == -1:
                raise TypeError(f"{self.name}: a handler yields {effect.__name__}, which is no effect")
            if found == AGGREGATE and effect not in self.tables:
                raise TypeError(f"{self.name}: a handler yields {effect.__name__}, which is not kept here")
            if found == EVENT and wire_name(effect) not in self.says:
                raise TypeError(
                    f"{self.name}: a handler yields {effect.__name__}, which is not among what it says"
                )
            if found == ACTIVITY and effect not in self.service.performs:
                raise TypeError(f"{self.name}: a handler yields {effect.__name__}, which it does not perform")
            self.kinds[effect] = found
        return found

    def decode(self, kind: type[Message], body: str) -> Message:
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(kind).decode
        message: Message = decoder(body)
        return message

    def read(self, name: str, body: str, key: str) -> Message:
        """An event that came from elsewhere, under its name on the wire."""
        kind = self.heard.get(name)
        if kind is None:
            return Unreadable(name, body, "an event that this service does not hear", key)
        try:
            return self.decode(kind, body)
        except (msgspec.MsgspecError, UnicodeError) as error:
            return Unreadable(name, body, f"{type(error).__name__}: {error}", key)

    @cached_property
    def heard(self) -> dict[str, type[Message]]:
        """The events that this service hears, by their names on the wire."""
        return {wire_name(kind): kind for kind in self.service.rules if issubclass(kind, Event)}

    def hears(self, kind: type[Message]) -> bool:
        return kind in self.rules


def furnish(services: Iterable[Service], *, bus: bool = False) -> dict[str, ServiceRuntime]:
    """The rooms of one process, with a line for every pair of which one hears the other. With a `bus` they
    hear each other there.
    """
    runtimes = {service.name: ServiceRuntime(service) for service in services}
    for runtime in runtimes.values():
        for source in runtimes.values():
            if not bus and any(kind in runtime.service.rules for kind in source.service.says):
                runtime.subscriptions[source.name] = Subscription(source)
        for kind in runtime.service.says:
            runtime.said[kind] = (
                wire_name(kind),
                tuple(o for o in runtimes.values() if not bus and kind in o.service.rules),
            )
    spoken: dict[str, str] = {}
    for runtime in runtimes.values():
        for name in runtime.says:
            if spoken.setdefault(name, runtime.name) != runtime.name:
                raise ValueError(
                    f"{name} is said by {spoken[name]} and by {runtime.name}: an event has one speaker"
                )
    return runtimes
