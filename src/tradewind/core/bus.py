"""The port for events that leave a process: what an event looks like on its way, and what a bus promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from .model import Query


class EventRecord(msgspec.Struct, frozen=True):
    """An event on its way out. `seq` is its place in the log of `source`."""

    source: str
    id: str
    name: str
    key: str
    body: str
    trace: str
    seq: int
    at: int


class EventBus(Protocol):
    """Publishes events. `then("")`: the bus has it; else the reason why the outcome is unknown. Called
    exactly once, from the loop.
    """

    @property
    def up(self) -> bool: ...

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        """False: not now; `then` is not called."""
        ...


class ListEvents(Query, frozen=True, tag="engine.events"):
    """Every event about a key that the services of a process still remember, with the name of its service."""

    about: str
