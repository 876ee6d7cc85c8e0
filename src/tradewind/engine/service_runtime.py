"""What the processor needs of each service it runs: its tables, the statements that load the rows of each
rule, its cursor in every log it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from ..core.dead_letters import DeadLetter
from ..core.model import (
    Activity,
    Aggregate,
    CancelTimer,
    Event,
    Load,
    Message,
    Rule,
    Service,
    SetTimer,
    Table,
    keyed,
    wire_name,
)
from .dead_letters import HANDLERS
from .inbox import Unreadable
from .numbers import Numbers
from .statements import tables_of
from .subscriptions import Subscription

AGGREGATE, EVENT, ACTIVITY, AT, NEVER = range(5)
_names: dict[type[Message], str] = {}


def name_of(message: Message) -> str:
    """Its name on the wire."""
    kind = type(message)
    name = _names.get(kind)
    if name is None:
        name = _names[kind] = wire_name(kind)
    return name


def caller_id(message: Message) -> str:
    """Stands for the key that is the caller's id: the envelope has it, not the message."""
    raise LookupError


class Find(NamedTuple):
    """One load. `one` gives the only key (`caller_id` stands for that of the caller), `many` several; with
    `via`, `many` is asked of the row there under the key that `one` gives.
    """

    table: Table[Any]
    one: Callable[[Any], str] | None
    many: Callable[[Any], Iterable[str]] | None
    via: Table[Any] | None
    must: bool


class Plan(NamedTuple):
    do: Callable[..., Any]
    finds: tuple[Find, ...]
    numbers: Numbers | None


def plan(rule: Rule, numbers: Numbers | None = None) -> Plan:
    """Errors: ValueError for a rule that follows a row which is not a single one."""
    return Plan(rule.do, tuple(_find(load, rule.hears) for load in rule.loads), numbers)


def _find(load: Load[Any, Any], hears: type[Message]) -> Find:
    if load.via is not None:
        first = _find(load.via, hears)
        if first.one is None:
            raise ValueError(f"{load.table.name} follows {first.table.name}, of which there may be several")
        return Find(load.table, first.one, load.keys, first.table, False)
    if load.how == "callers":
        return Find(load.table, caller_id, None, None, False)
    if load.each_of:
        return Find(load.table, None, load.keys, None, False)
    # attrgetter runs in C; the property `key` does not
    one = attrgetter(hears.keyed_by) if load.keys is keyed and "key" not in vars(hears) else load.key
    return Find(load.table, one, None, None, load.how == "one")


class ServiceRuntime:
    """A service as the processor runs it."""

    def __init__(self, service: Service) -> None:
        self.service, self.name = service, service.name
        own = tables_of(self.name)
        self.log, self.cursors, self.outbox = own.log, own.cursors, own.outbox
        self.timers, self.activities, self.inbox, self.parked = (
            own.timers,
            own.activities,
            own.inbox,
            own.parked,
        )
        self.statements = own.statements
        self.tables: dict[type[Aggregate], Table[Any]] = {**service.tables, DeadLetter: self.parked}
        self.rules: dict[type[Message], Rule] = {
            **service.rules,
            **{kind: make(self.parked) for kind, make in HANDLERS.items()},
        }
        numbered = {kind: rule.series for kind, rule in self.rules.items() if rule.series}
        self.numbers = {
            name: Numbers(own.counters, name, [kind for kind in numbered if numbered[kind] == name])
            for name in sorted(set(numbered.values()))
        }
        self.plans: dict[type[Message], Plan] = {
            kind: plan(rule, self.numbers.get(rule.series)) for kind, rule in self.rules.items()
        }
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
        """The events to which this service subscribes, by their names on the wire."""
        return {wire_name(kind): kind for kind in self.service.rules if issubclass(kind, Event)}

    def hears(self, kind: type[Message]) -> bool:
        return kind in self.rules


def furnish(services: Iterable[Service], *, bus: bool = False) -> dict[str, ServiceRuntime]:
    """The runtimes of one process, with a subscription for every pair of services. With a `bus` events travel
    there.
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
