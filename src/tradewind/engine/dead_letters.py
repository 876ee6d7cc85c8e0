"""Puts a message that cannot be handled aside, with its reason, so that its neighbours go on; finds the
message behind a batch that cannot be committed; decides what becomes of a dead letter when an operator
asks.

A message is tried again after each of the `delays`, then it is a dead letter. Later events of the same key
wait behind it: order per key is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..core.clock import Clock
from ..core.dead_letters import DeadLetter, DiscardDeadLetter, ReplayDeadLetter
from ..core.failpoints import failpoint
from ..core.model import Context, Effects, Message, Refused, Request, Rule, Table, on, wire_name
from ..core.store import Raced, RowRefused
from .inbox import ActivityFailed, Envelope, Origin, encode, refusal, tell
from .statements import ActivityRow

if TYPE_CHECKING:
    from .service_runtime import ServiceRuntime
    from .unit_of_work import UnitOfWork

LOG = logging.getLogger("tradewind.engine")
PARKING = failpoint("parking.before-write", "a message failed; its place among the parked is not written yet")
REASON = 500
MORE = 10


class DeadLetters:
    """`delays` are milliseconds; the first failure waits delays[0], and after the last one the message is
    dead.
    """

    def __init__(self, clock: Clock, delays: Sequence[int]) -> None:
        self._clock, self._delays = clock, tuple(delays)
        self.refused: dict[tuple[str, str], str] = {}
        self.revived: dict[str, DeadLetter] = {}

    def failed(self, unit: UnitOfWork, envelope: Envelope, reason: str) -> None:
        """The message failed (again): wait longer, or give up."""
        PARKING()
        attempts = envelope.attempts + 1
        dead = attempts > len(self._delays)
        due = envelope.at if dead else envelope.at + self._delays[attempts - 1]
        known = self.revived.get(envelope.claim_id) if envelope.origin is Origin.PARKED else None
        if known is not None:
            unit.know(envelope.runtime.parked, known)
            letter = replace(
                known,
                status="DEAD" if dead else "RETRYING",
                attempts=attempts,
                reason=storable(reason),
                due_at=due,
                last_at=envelope.at,
            )
        else:
            letter = self._letter(envelope, "DEAD" if dead else "RETRYING", attempts, reason, due)
            self._unclaim(unit, envelope)
        unit.save(envelope.runtime.parked, letter)
        if letter.key:
            envelope.runtime.blocked.add(letter.key)

    def rejected(self, unit: UnitOfWork, envelope: Envelope, error: Refused) -> None:
        """The service knows better than this event: it is dead at once, and nothing waits behind it."""
        reason = storable(f"{error.code}: {error.says}" if error.says else error.code)
        known = self.revived.get(envelope.claim_id) if envelope.origin is Origin.PARKED else None
        if known is not None:
            unit.know(envelope.runtime.parked, known)
            letter = replace(
                known, status="DEAD", key="", attempts=known.attempts + 1, reason=reason, last_at=envelope.at
            )
        else:
            letter = replace(self._letter(envelope, "DEAD", 1, reason, envelope.at), key="")
        unit.save(envelope.runtime.parked, letter)

    def behind(self, unit: UnitOfWork, envelope: Envelope) -> None:
        """An older message of this key is parked: wait behind it."""
        unit.save(
            envelope.runtime.parked,
            self._letter(envelope, "WAITING", 0, "waits behind an older message of its key", envelope.at),
        )

    def activity(self, unit: UnitOfWork, envelope: Envelope, failed: ActivityFailed) -> None:
        """An activity failed: its row says when to try again; after a bug it becomes a dead letter."""
        if not failed.final:
            row = ActivityRow(
                envelope.claim_id,
                wire_name(type(failed.activity)),
                encode(failed.activity).decode(),
                failed.attempts,
                failed.due_at,
                storable(failed.reason),
                envelope.trace,
                envelope.first_at,
            )
            unit.put_activity(envelope.runtime, row)
            return
        unit.end_activity(envelope.runtime, envelope.claim_id)
        letter = DeadLetter(
            self._clock.uuid(),
            "DEAD",
            "activity",
            wire_name(type(failed.activity)),
            "",
            encode(failed.activity).decode(),
            failed.attempts,
            storable(failed.reason),
            envelope.trace,
            envelope.at,
            envelope.first_at,
            envelope.at,
        )
        unit.save(envelope.runtime.parked, letter)

    def unreadable(
        self,
        unit: UnitOfWork,
        runtime: ServiceRuntime,
        origin: str,
        name: str,
        body: str,
        error: Exception,
        *,
        key: str = "",
        trace: str = "",
    ) -> None:
        """What is in the store is no message of this release: a dead letter at once."""
        LOG.error("%s: %s cannot be read: %s", runtime.name, name, error)
        reason = storable(f"{type(error).__name__}: {error}")
        unit.save(
            runtime.parked,
            DeadLetter(
                self._clock.uuid(),
                "DEAD",
                origin,
                name,
                key,
                body,
                1,
                reason,
                trace,
                unit.at,
                unit.at,
                unit.at,
            ),
        )
        if key:
            runtime.blocked.add(key)

    def illegible(
        self, unit: UnitOfWork, runtime: ServiceRuntime, letter: DeadLetter, error: Exception
    ) -> None:
        """A letter that is to be tried again is none."""
        LOG.error("%s: parked message %s cannot be read: %s", runtime.name, letter.id, error)
        unit.know(runtime.parked, letter)
        unit.save(
            runtime.parked,
            replace(
                letter, status="DEAD", reason=storable(f"{type(error).__name__}: {error}"), last_at=unit.at
            ),
        )

    def _letter(self, envelope: Envelope, status: str, attempts: int, reason: str, due: int) -> DeadLetter:
        message = envelope.message
        key = message.key if envelope.origin is Origin.EVENT else ""
        return DeadLetter(
            self._clock.uuid(),
            status,
            envelope.origin.name.lower(),
            wire_name(type(message)),
            key,
            _body(message),
            attempts,
            storable(reason),
            envelope.trace,
            due,
            envelope.at,
            envelope.at,
        )

    def _unclaim(self, unit: UnitOfWork, envelope: Envelope) -> None:
        if envelope.origin is Origin.TIMER:
            unit.drop_timer(envelope.runtime, envelope.claim_id)
        elif envelope.origin is Origin.OUTCOME:
            unit.end_activity(envelope.runtime, envelope.claim_id)

    @staticmethod
    def settle(unit: UnitOfWork, envelope: Envelope) -> None:
        """A parked message was handled after all."""
        unit.save(
            envelope.runtime.parked, DeadLetter(envelope.claim_id, "DONE", "", "", "", "", 0, "", "", 0, 0, 0)
        )


def revive(runtime: ServiceRuntime, letter: DeadLetter, now: int) -> Envelope:
    """A dead letter as an envelope again. Errors: KeyError for a message that is not known here, MsgspecError
    for a body that is none.
    """
    kind: type[Message] = runtime.kinds_by_name.get(letter.name) or _heard(runtime, letter.name)
    envelope = Envelope(
        runtime, runtime.decode(kind, letter.body), Origin.PARKED, letter.id, now, trace=letter.trace
    )
    envelope.attempts, envelope.first_at = letter.attempts, letter.first_at
    return envelope


def _heard(runtime: ServiceRuntime, name: str) -> type[Message]:
    return {wire_name(kind): kind for kind in runtime.rules}[name]


def _body(message: Message) -> str:
    try:
        return encode(message).decode()
    except (TypeError, ValueError):
        return encode(repr(message)).decode()  # it cannot be tried again, but an operator can read it


def storable(reason: str) -> str:
    """A reason as any database takes it: not too long, no half characters, no NUL."""
    return reason[:REASON].encode(errors="replace").decode().replace("\0", "?")


class PoisonSearch:
    """Finds the message behind a batch that cannot be committed: one message a batch, until it is met. True
    while it searches.
    """

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters
        self._batches = 0

    def __bool__(self) -> bool:
        return self._batches > 0

    def search(self, among: int, error: Exception) -> None:
        """So many messages were in the batch, or came of it. `error` is a refused row, or a bug that meets
        more than one message.
        """
        if isinstance(error.__cause__, Raced):
            LOG.warning("batches of other copies come first again and again: one message a batch: %s", error)
        else:
            exc_info = None if isinstance(error, RowRefused) else error
            LOG.error("a batch cannot be kept: %s", error, exc_info=exc_info)
        self._batches = max(self._batches, among + MORE)

    def cleared(self) -> None:
        """The last batch, of one message, was kept."""
        self._batches -= 1

    def accuse(self, envelope: Envelope, error: Exception) -> bool:
        """It was alone. False: it was a request, and is answered; any other message is parked when it comes
        again.
        """
        LOG.error("what %s leads to cannot be kept: %s", type(envelope.message).__name__, error)
        if envelope.origin is Origin.REQUEST:
            tell(envelope, refusal(500, "internal_error"))
            return False
        self._dead_letters.refused[envelope.runtime.name, envelope.claim_id] = (
            f"{type(error).__name__}: {error}"
        )
        return True


def replay(ask: ReplayDeadLetter, context: Context, letter: DeadLetter) -> Effects[DeadLetter]:
    if letter.status == "DONE":
        raise Refused("not_found", 404)
    if letter.status == "WAITING":
        raise Refused(
            "waits_for_another",
            says="An older message of the same key is parked: replay or discard that one.",
            key=letter.key,
        )
    again = replace(letter, status="RETRYING", due_at=context.at, attempts=0)
    yield again
    return again


def discard(ask: DiscardDeadLetter, context: Context, letter: DeadLetter) -> Effects[DeadLetter]:
    if letter.status == "DONE":
        raise Refused("not_found", 404)
    gone = replace(letter, status="DONE", last_at=context.at)
    yield gone
    return gone


HANDLERS: dict[type[Request], Callable[[Table[Any]], Rule]] = {
    ReplayDeadLetter: lambda parked: on(ReplayDeadLetter, replay, parked),
    DiscardDeadLetter: lambda parked: on(DiscardDeadLetter, discard, parked),
}
