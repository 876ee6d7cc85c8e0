"""What has arrived, until it is decided: the message in flight with what claims it, the queue that holds it
until its batch, and the look at what was decided before.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from ..core.bus import EventRecord, Settle
from ..core.channel import identity
from ..core.gateway import Refusal, Reply
from ..core.model import NOBODY, Caller, Message, Refused, Table

if TYPE_CHECKING:
    from .unit_of_work import UnitOfWork

QUEUE = 20_000
PATIENCE_MS = 10_000
FEW = 16
LOG = logging.getLogger("tradewind.engine")
encode = msgspec.json.Encoder().encode


class Origin(IntEnum):
    """What a message is claimed by: REQUEST by its inbox row, EVENT by the cursor or its id in the inbox,
    CHANNEL by what it is about, in the inbox, the others by deleting their own row.

    A CHANNEL event comes from another team: it may be refused, and there is no order per key.
    """

    REQUEST = 0
    EVENT = 1
    TIMER = 2
    OUTCOME = 3
    PARKED = 4
    LEARNED = 5
    CHANNEL = 6


class Envelope(msgspec.Struct, eq=False, gc=False):
    """One message for one service.

    What identifies it: `claim_id` is the id of what claims it (of an event, or of the row of a timer, an
    activity or a dead letter); `inbox_id` and `fingerprint` make the inbox row of a request, or of an event
    from the bus; `seq` is its place in the log of `source`. Who waits, and until when (ms since the
    epoch; 0: for ever): `deliver`, `deadline`. What became of it: `reply`,
    `tried` (a batch with it has failed), `consulted`, `keys` (what it loads); only the inbox, the unit of
    work and the platform write those.
    """

    runtime: Any
    message: Message
    origin: Origin
    claim_id: str
    at: int
    trace: str = ""
    caller: Caller = NOBODY
    seq: int = 0
    source: str = ""
    inbox_id: str = ""
    fingerprint: str = ""
    attempts: int = 0
    first_at: int = 0
    deliver: Callable[[Reply], None] | None = None
    deadline: int = 0
    new_id: str = ""
    reply: Reply | None = None
    consulted: bool = False
    tried: bool = False
    keys: list[Any] | None = None


def of_channel(runtime: Any, event: EventRecord, settle: Settle, now: int) -> Envelope:
    """An event without an id: it is claimed by its name and what it is about. Its fingerprint, of what it
    says, tells a copy from another event about the same. Copies may come at any time, so it is looked up.
    """
    assert event.decoded is not None
    claim = identity(event.name, event.key)
    return Envelope(
        runtime,
        event.decoded,
        Origin.CHANNEL,
        claim,
        now,
        trace=event.trace,
        inbox_id=claim,
        fingerprint=blake2b(encode(event.decoded), digest_size=16).hexdigest(),
        tried=True,
        deliver=lambda reply: settle("" if not reply.status else _code(reply)),
    )


def _code(reply: Reply) -> str:
    return msgspec.json.decode(reply.body, type=Refusal).code


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
    """Sends the reply to the caller. An error on the caller's side is logged: others wait too."""
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


TOO_LATE = refusal(
    503, "overloaded", "It waited longer than its caller does, and was not begun.", retry_after=1
)


class InboundQueue:
    """`requests` come from outside and can be refused; `internal` are outcomes and consultations, which were
    already accepted.
    """

    def __init__(self) -> None:
        self.requests: deque[Envelope] = deque()
        self.internal: deque[Envelope] = deque()

    def put(self, envelope: Envelope) -> None:
        """Behind what is there."""
        (self.requests if envelope.origin is Origin.REQUEST else self.internal).append(envelope)

    @property
    def full(self) -> bool:
        return len(self.requests) >= QUEUE

    @property
    def may_linger(self) -> bool:
        """A few outcomes and no waiting caller."""
        return not self.requests and 0 < len(self.internal) < FEW

    def __bool__(self) -> bool:
        return bool(self.requests or self.internal)

    def take(self, limit: int, outcomes: int, now: int) -> list[Envelope]:
        """The next messages, up to so many `outcomes` first, then up to `limit` requests; a limit of 1 is one
        in all. A request whose caller no longer waits is refused, unless an earlier try may have been
        committed.
        """
        batch = [self.internal.popleft() for _ in range(min(len(self.internal), outcomes))]
        if not batch or limit > 1:
            batch += [self.requests.popleft() for _ in range(min(len(self.requests), limit))]
        late = []
        for envelope in batch:
            envelope.at = now
            if 0 < envelope.deadline <= now and not envelope.tried:
                late.append(envelope)
        for envelope in late:
            batch.remove(envelope)
            tell(envelope, TOO_LATE)
        return batch

    def give_back(self, batch: list[Envelope], now: int) -> None:
        """Puts messages back in front, in their order. Requests that have waited too long are answered, also
        those behind them.
        """
        for envelope in reversed(batch):
            envelope.reply, envelope.tried = None, True
            (self.requests if envelope.origin is Origin.REQUEST else self.internal).appendleft(envelope)
        while self.requests and now - self.requests[0].first_at > PATIENCE_MS:
            self._refuse(self.requests.popleft())

    def refuse_all(self) -> None:
        """We leave. What is not a request comes again, from its row or from the broker: nobody is told that
        it is done.
        """
        for envelope in self.requests:
            self._refuse(envelope)
        self.internal.clear()
        self.requests.clear()

    @staticmethod
    def _refuse(envelope: Envelope) -> None:
        tell(
            envelope,
            refusal(
                503,
                "store_unavailable",
                "This could not be stored in time. Ask again, under the same key.",
                retry_after=5,
            ),
        )


async def look_up(unit: UnitOfWork, batch: list[Envelope], *, shared: bool = False) -> None:
    """Loads the replies to earlier copies; removes outcomes whose activity has no row any more.

    Where the store is shared, a copy that is under way in another process cannot be seen: the first try does
    not look and leaves it to the key of the inbox to find it; only a message that lost that race, or may have
    been here before, is looked up.
    """
    wanted: dict[Table[Any], dict[str, None]] = {}
    for envelope in batch:
        if envelope.inbox_id and (envelope.tried or not shared):
            wanted.setdefault(envelope.runtime.inbox, {})[envelope.inbox_id] = None
    await unit.fetch(wanted)
    for envelope in [i for i in batch if (i.tried or shared) and i.origin is Origin.OUTCOME]:
        if not await unit.tx.rows(envelope.runtime.statements.activity, {"id": envelope.claim_id}):
            batch.remove(envelope)
            unit.end_activity(envelope.runtime, envelope.claim_id)


def unknowable(envelope: Envelope) -> bool:
    """A request without a key, in a commit whose outcome is unknown: a second try could not be recognised."""
    if envelope.origin is not Origin.REQUEST or envelope.inbox_id:
        return False
    says = "It is not known whether this was done. Look first, or ask with an Idempotency-Key."
    tell(envelope, refusal(503, "outcome_unknown", says, retry_after=5))
    return True
