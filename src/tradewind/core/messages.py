"""What is said and kept, as pure data: messages, the rows that decide, and all the world that a handler may
know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """Anything a service can hear. `keyed_by` names the field that says which aggregate it is about."""

    keyed_by: ClassVar[str] = "order_id"

    @property
    def key(self) -> str:
        return getattr(self, self.keyed_by, "")


class Request(Message, frozen=True):
    """Asks for a change, in the imperative. Somebody waits for the reply."""


class Query(Message, frozen=True):
    """Asks for facts. Changes nothing, so it is never claimed."""


class Event(Message, frozen=True):
    """Tells what has happened, in the past tense. Nobody reads the answer."""


class Timer(Message, frozen=True):
    """A deadline, as a message to ourselves. Its identity is its name and key."""


class Activity(Message, frozen=True):
    """A call to the outside world, started once its transaction has committed."""


class Outcome(Message, frozen=True):
    """What came of an activity."""


class SetTimer(msgspec.Struct, frozen=True):
    """Effect: send us `what` at `when` (ms since the epoch). Setting the same name and key again moves it."""

    when: int
    what: Timer


class CancelTimer(msgspec.Struct, frozen=True):
    """Effect: forget this deadline."""

    what: Timer


class Aggregate(msgspec.Struct, frozen=True):
    """A row that decides things. Yielding one, new or changed, saves it."""

    id: str


class Caller(msgspec.Struct, frozen=True):
    """Who asks. An empty id is nobody; the role is checked by the edge, ownership by the service."""

    id: str = ""
    role: str = ""

    def may_see(self, owner: str) -> bool:
        return self.role == "admin" or (self.id != "" and self.id == owner)


NOBODY = Caller()


class Context(msgspec.Struct, frozen=True):
    """All the world a handler may know: when (ms since the epoch), a fresh id, for whom, and whether others
    were consulted.
    """

    at: int
    new_id: str = ""
    caller: Caller = NOBODY
    consulted: bool = False


class Refused(Exception):
    """Undoes this message alone and tells the caller why. `status` is the HTTP status of the answer, `detail`
    its facts.
    """

    def __init__(self, code: str, status: int = 409, says: str = "", **detail: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.says, self.detail = code, status, says, detail


class Consult(Exception):
    """Sets this message aside, asks another service outside any transaction, takes the answer over as a
    message, tries again.
    """

    def __init__(self, query: Query, then: Callable[[Any], Message]) -> None:
        super().__init__(type(query).__name__)
        self.query, self.then = query, then


class Temporary(Exception):
    """An activity could not be done now: try again after the backoff."""
