"""Where an event meets programs of other teams: an API package says what it looks like there, a driver
carries it, and no service knows of it.

A channel is one queue (or topic) for one event, or for several that others know as one. Only the published
form is in the body; our id, key and trace are in properties and headers, and nobody needs them to read it. A
queue has no order per key, so no handler behind it may need one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from .bus import EventBus, EventRecord
from .model import Event, wire_name

TRACE: Final = "traceparent"
STATE: Final = "tracestate"
REASON, FIRST_SEEN, ATTEMPTS = "x-reason", "x-first-seen", "x-attempts"
LONGEST_REASON = 500
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Undeliverable(Exception):
    """What came on a channel can never be handled. The text is the reason on its dead letter: a few words,
    without its content.
    """


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """How one event is published.

    - `event`: what it is for us; `published` is its name for the others, beside the body. `also`: the other
      events that are published under that name, told apart by the body.
    - `name`: of the queue or topic.
    - `encode`: the body that others read, of the event as it lies in our log, with its time.
    - `decode`: the event that a body says. Errors: Undeliverable.
    - `dead_letters`: the queue of what cannot be handled; empty: `<name>.dead`.
    - `shape`: the struct of the body that we write, for descriptions; None: it is as the event.
    - `groups`: of a service that takes from a topic, the consumer group; else one is made of both names.
    - `declared`: whether we declare the queue, exactly with `arguments`. If not, others do, and until then it
      is missing.
    """

    event: type[Event]
    published: str
    name: str
    encode: Callable[[EventRecord], bytes]
    decode: Callable[[bytes], Event]
    also: tuple[type[Event], ...] = ()
    declared: bool = True
    arguments: Mapping[str, Any] = {}
    shape: type[Any] | None = None
    dead_letters: str = ""
    groups: Mapping[str, str] = {}

    @property
    def events(self) -> tuple[type[Event], ...]:
        return (self.event, *self.also)

    @property
    def dead(self) -> str:
        """The queue of what cannot be handled; durable, without arguments."""
        return self.dead_letters or f"{self.name}.dead"

    def read(self, body: bytes, headers: Mapping[str, Any]) -> EventRecord:
        """A message that came. It has no id: `identity` says what it is claimed by. Errors: Undeliverable."""
        event = self.decode(body)
        return EventRecord("", "", wire_name(type(event)), event.key, "", trace_of(headers), 0, 0, event)


def identity(name: Any, key: Any) -> Any:
    """What identifies an event without an id: its name, and what it is about. Texts, or columns of such."""
    return name + ":" + key


def trace_of(headers: Mapping[str, Any]) -> str:
    """The trace that a message belongs to; empty where it says none."""
    found = headers.get(TRACE)
    return found if isinstance(found, str) and _TRACE.fullmatch(found) else ""


def published_headers(key: str, trace: str, state: str = "") -> dict[str, Any]:
    """Those of a message on a channel, for programs that want them."""
    if not _TRACE.fullmatch(trace):
        return {"key": key}
    return {"key": key, TRACE: trace, STATE: state} if state else {"key": key, TRACE: trace}


def dead_headers(headers: Mapping[str, Any], reason: str, attempts: int, at: int) -> dict[str, Any]:
    """Those of a dead letter: the message's own, and why it is one. `attempts`: deliveries of this message;
    `at` is ms since the epoch. One that was a dead letter before, and was sent again, counts on.
    """
    before = headers.get(ATTEMPTS)
    seen = headers.get(FIRST_SEEN) or (
        datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    counted = attempts + (before if isinstance(before, int) else 0)
    return {**headers, REASON: reason[:LONGEST_REASON], FIRST_SEEN: seen, ATTEMPTS: counted}


class ChannelBus:
    """Implements `EventBus`: each event over its channel, by its name, and all others over our own bus."""

    def __init__(self, own: EventBus, channels: Mapping[str, EventBus]) -> None:
        self._own, self._channels = own, dict(channels)

    @property
    def up(self) -> bool:
        return self._own.up or any(bus.up for bus in self._channels.values())

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return self._channels.get(event.name, self._own).publish(event, then)
