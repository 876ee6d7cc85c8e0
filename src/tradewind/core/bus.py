"""The port for events that leave a process: what an event looks like on its way, and what a bus promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from .model import Event, Query


class EventRecord(msgspec.Struct, frozen=True):
    """An event on its way. `seq` is its place in the log of `source`. `decoded`: what a channel has read,
    which has no `body` of ours.
    """

    source: str
    id: str
    name: str
    key: str
    body: str
    trace: str
    seq: int
    at: int
    decoded: Event | None = None


Settle: TypeAlias = Callable[[str], None]
"""Ends a delivery, after the commit: "" where it is done, else why the service refuses it."""
Handle: TypeAlias = Callable[[EventRecord, Settle, bool], None]
"""Takes what a bus delivers; the last is whether it may have come before."""


class BrokerUnusable(Exception):
    """The first connection cannot be made. One line with the cause and the way out; it never shows the
    password.
    """


class SendingSpan(Protocol):
    """A step of a trace that ends when the broker has confirmed an event."""

    state: str

    @property
    def traceparent(self) -> str: ...

    def end(self, error: str = "") -> None: ...


def confirming(
    span: SendingSpan | None, published: Counter[str], name: str, then: Callable[[str], None]
) -> Callable[[str], None]:
    """What a publisher is called back with: ends the span, counts the event where the broker has it, and goes
    on with `then`.
    """

    def ended(trouble: str) -> None:
        if span is not None:
            span.end("unconfirmed" if trouble else "")
        if not trouble:
            published[name] += 1
        then(trouble)

    return ended


class Connection(Protocol):
    """To a broker, for health and figures. `lives`: how often it was made; `missing`: why it is not up;
    empty: it is.
    """

    @property
    def up(self) -> bool: ...

    @property
    def blocked(self) -> bool: ...

    @property
    def lives(self) -> int: ...

    @property
    def missing(self) -> str: ...


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
