"""A message in flight, with where it came from: that is what claims it, and what must be put back when its batch fails."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec

from ..door import Refusal, Reply
from ..model import NOBODY, Caller, Message, Refused

if TYPE_CHECKING:
    from .rooms import Room

encode = msgspec.json.Encoder().encode


class Origin(IntEnum):
    """What a message is claimed by: REQUEST by its inbox row, EVENT by the cursor, the others by deleting their own row."""

    REQUEST = 0
    EVENT = 1
    TIMER = 2
    OUTCOME = 3
    PARKED = 4
    LEARNED = 5


class Incoming:
    """One message for one service. `ref` is the id of the row that claims it; `seq` its place in the source's log."""

    __slots__ = (
        "at", "attempts", "caller", "claim", "consulted", "deliver", "fingerprint", "first_at", "fresh", "message", "origin", "ref",
        "reply", "room", "seq", "source", "trace",
    )  # fmt: skip

    def __init__(self, room: Room, message: Message, origin: Origin, ref: str, at: int, *, trace: str = "", caller: Caller = NOBODY) -> None:
        self.room, self.message, self.origin, self.ref, self.at = room, message, origin, ref, at
        self.trace, self.caller = trace, caller
        self.fresh = ""
        self.claim = self.fingerprint = ""
        self.deliver: Callable[[Reply], None] | None = None
        self.reply: Reply | None = None
        self.consulted = False
        self.attempts = 0
        self.first_at = at
        self.seq, self.source = 0, ""


class ActivityFailed(Message, frozen=True, tag="chassis.activity_failed"):
    """An activity is to be tried again at `due_at`; with `final` it has a bug and is parked."""

    activity: Any
    attempts: int
    due_at: int
    reason: str
    final: bool


def refusal(status: int, code: str, says: str = "", *, retry_after: int = 0, detail: dict[str, Any] | None = None) -> Reply:
    return Reply(status, encode(Refusal(code, says, detail or {}, retry_after)))


def refused(error: Refused) -> Reply:
    return refusal(error.status, error.code, error.says, detail=error.detail)
