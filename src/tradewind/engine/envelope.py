"""A message in flight, with where it came from: that is what claims it, and what must be put back when its
batch fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import msgspec

from ..core.gateway import Refusal, Reply
from ..core.model import NOBODY, Caller, Message, Refused

LOG = logging.getLogger("tradewind.engine")
encode = msgspec.json.Encoder().encode


class Origin(IntEnum):
    """What a message is claimed by: REQUEST by its inbox row, EVENT by the cursor, the others by deleting
    their own row.
    """

    REQUEST = 0
    EVENT = 1
    TIMER = 2
    OUTCOME = 3
    PARKED = 4
    LEARNED = 5


class Envelope(msgspec.Struct, eq=False):
    """One message for one service. `ref` is the id of what claims it, `seq` its place in the log of `source`,
    `keys` what it loads, `tried` that a batch with it has failed.
    """

    runtime: Any
    message: Message
    origin: Origin
    ref: str
    at: int
    trace: str = ""
    caller: Caller = NOBODY
    seq: int = 0
    source: str = ""
    new_id: str = ""
    claim: str = ""
    fingerprint: str = ""
    deliver: Callable[[Reply], None] | None = None
    reply: Reply | None = None
    consulted: bool = False
    tried: bool = False
    attempts: int = 0
    first_at: int = 0
    keys: list[Any] | None = None


class ActivityFailed(Message, frozen=True, tag="chassis.activity_failed"):
    """An activity is to be tried again at `due_at`; with `final` it has a bug and is parked."""

    activity: Any
    attempts: int
    due_at: int
    reason: str
    final: bool


class Unreadable(Message, frozen=True, tag="chassis.unreadable"):
    """Something came for a service that is no message of its: it is kept as a dead letter."""

    name: str
    body: str
    reason: str
    event_key: str = ""


def tell(envelope: Envelope, reply: Reply) -> None:
    """Answers whoever waits for it. What goes wrong on their side is not ours: others wait too."""
    if envelope.deliver is not None:
        try:
            envelope.deliver(reply)
        except Exception:
            LOG.exception("an answer could not be delivered")


def refusal(
    status: int, code: str, says: str = "", *, retry_after: int = 0, detail: dict[str, Any] | None = None
) -> Reply:
    return Reply(status, encode(Refusal(code, says, detail or {}, retry_after)))


def refused(error: Refused) -> Reply:
    return refusal(error.status, error.code, error.says, detail=error.detail)
