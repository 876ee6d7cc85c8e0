"""Runs a service's rules over dictionaries, so that a state machine tests what a service decides without loop
or store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from tradewind.core.model import Aggregate, Context, Effect, Event, Load, Message, Refused, Service, settle

Ag = TypeVar("Ag", bound=Aggregate)


class Memory:
    """One service with all its rows in `rows`, all it has said in `said` and the effects of its last message
    in `last`. What is refused leaves no trace.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.rows: dict[type[Aggregate], dict[str, Any]] = {kind: {} for kind in service.tables}
        self.said: list[Event] = []
        self.last: list[Effect] = []

    def tell(self, message: Message, now: Context) -> Any:
        """Decides a message and returns the reply. Errors: Refused, also where a row that must exist does
        not.
        """
        rule = self.service.rules[type(message)]
        self.last = []
        effects, reply = settle(
            rule.do(message, now, *[self._argument(load, message, now) for load in rule.loads])
        )
        for effect in effects:
            if isinstance(effect, Aggregate):
                self.rows[type(effect)][effect.id] = effect
            elif isinstance(effect, Event):
                assert type(effect) in self.service.says
                self.said.append(effect)
        self.last = effects
        return reply

    def all(self, kind: type[Ag]) -> list[Ag]:
        return list(self.rows[kind].values())

    def _argument(self, load: Load[Any, Any], message: Message, now: Context) -> Any:
        if load.how == "callers":
            return self.rows[load.table.kind].get(now.caller.id)
        found = self._found(load, message)
        if load.how == "each":
            return found
        row = next(iter(found.values()), None)
        if row is None and load.how == "one":
            raise Refused("not_found", 404)
        return row

    def _found(self, load: Load[Any, Any], message: Message) -> Mapping[str, Any]:
        subject: Any = message
        if load.via is not None:
            subject = next(iter(self._found(load.via, message).values()), None)
            if subject is None:
                return {}
        rows = self.rows[load.table.kind]
        return {key: rows[key] for key in load.keys(subject) if key in rows}
