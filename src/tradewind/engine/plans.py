"""Works out once per rule how its rows are found, so that nothing is looked up or wrapped again for every
message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

from ..core.model import Load, Message, Rule, Table, keyed


class Find(NamedTuple):
    """One load. `one` gives the only key, `many` several; with `via`, `many` is asked of the row there under
    the key that `one` gives.
    """

    table: Table[Any]
    one: Callable[[Any], str] | None
    many: Callable[[Any], Iterable[str]] | None
    via: Table[Any] | None
    must: bool


class Plan(NamedTuple):
    do: Callable[..., Any]
    finds: tuple[Find, ...]


def plan(rule: Rule) -> Plan:
    """Errors: ValueError for a rule that follows a row which is not a single one."""
    return Plan(rule.do, tuple(_find(load, rule.hears) for load in rule.loads))


def _find(load: Load[Any, Any], hears: type[Message]) -> Find:
    if load.via is not None:
        first = _find(load.via, hears)
        if first.one is None:
            raise ValueError(f"{load.table.name} follows {first.table.name}, of which there may be several")
        return Find(load.table, first.one, load.keys, first.table, False)
    if load.each_of:
        return Find(load.table, None, load.keys, None, False)
    # attrgetter runs in C; the property `key` does not
    one = attrgetter(hears.keyed_by) if load.keys is keyed and "key" not in vars(hears) else load.key
    return Find(load.table, one, None, None, load.how == "one")
