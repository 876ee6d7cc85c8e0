"""Puts a message that cannot be handled aside, with its reason, so that its neighbours go on.

It is tried again after each of the `delays`, then it is a dead letter. Later events of the same key wait
behind it: order per key is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from ..core.clock import Clock
from ..core.dead_letters import DeadLetter
from ..core.failpoints import failpoint
from ..core.model import Message, wire_name
from .envelope import ActivityFailed, Envelope, Origin, encode
from .service_runtime import ServiceRuntime
from .unit_of_work import Unit

LOG = logging.getLogger("tradewind.engine")
PARKING = failpoint("parking.before-write", "a message failed; its place among the parked is not written yet")
REASON = 500


class DeadLetters:
    """`delays` are milliseconds; the first failure waits delays[0], and after the last one the message is
    dead.
    """

    def __init__(self, clock: Clock, delays: Sequence[int]) -> None:
        self._clock, self._delays = clock, tuple(delays)
        self.refused: dict[tuple[str, str], str] = {}
        self.revived: dict[str, DeadLetter] = {}

    def failed(self, unit: Unit, envelope: Envelope, reason: str) -> None:
        """The message failed (again): wait longer, or give up."""
        PARKING()
        attempts = envelope.attempts + 1
        dead = attempts > len(self._delays)
        due = envelope.at if dead else envelope.at + self._delays[attempts - 1]
        known = self.revived.get(envelope.ref) if envelope.origin is Origin.PARKED else None
        if known is not None:
            # its row is there, though no rule of the batch has asked for it
            unit.rows[envelope.runtime.parked].setdefault(known.id, known)
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

    def behind(self, unit: Unit, envelope: Envelope) -> None:
        """An older message of this key is parked: wait behind it."""
        unit.save(
            envelope.runtime.parked,
            self._letter(envelope, "WAITING", 0, "waits behind an older message of its key", envelope.at),
        )

    def activity(self, unit: Unit, envelope: Envelope, failed: ActivityFailed) -> None:
        """An activity failed: its row says when to try again; with a bug it is parked."""
        if not failed.final:
            row = (
                envelope.ref,
                wire_name(type(failed.activity)),
                encode(failed.activity).decode(),
                failed.attempts,
                failed.due_at,
                storable(failed.reason),
                envelope.trace,
                envelope.first_at,
            )
            unit.activities.setdefault(envelope.runtime, {})[envelope.ref] = row
            return
        unit.end_activity(envelope.runtime, envelope.ref)
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
        unit: Unit,
        runtime: ServiceRuntime,
        origin: str,
        name: str,
        body: str,
        error: Exception,
        *,
        key: str = "",
        trace: str = "",
    ) -> None:
        """What lies in the store is no message of ours, after a release that forgot it: a dead letter at
        once.
        """
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

    def illegible(self, unit: Unit, runtime: ServiceRuntime, letter: DeadLetter, error: Exception) -> None:
        """A letter that is to be tried again is none."""
        LOG.error("%s: parked message %s cannot be read: %s", runtime.name, letter.id, error)
        unit.rows[runtime.parked].setdefault(letter.id, letter)
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

    def _unclaim(self, unit: Unit, envelope: Envelope) -> None:
        if envelope.origin is Origin.TIMER:
            unit.drop_timer(envelope.runtime, envelope.ref)
        elif envelope.origin is Origin.OUTCOME:
            unit.end_activity(envelope.runtime, envelope.ref)

    @staticmethod
    def settle(unit: Unit, envelope: Envelope) -> None:
        """A parked message was handled after all."""
        unit.save(
            envelope.runtime.parked, DeadLetter(envelope.ref, "DONE", "", "", "", "", 0, "", "", 0, 0, 0)
        )


def revive(runtime: ServiceRuntime, letter: DeadLetter, now: int) -> Envelope:
    """A parked message in flight again. Errors: KeyError for a message nobody here knows, MsgspecError for a
    body that is none.
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
        return encode(repr(message)).decode()  # it cannot be tried again, but somebody can read it


def storable(reason: str) -> str:
    """A reason as any database takes it: not too long, no half characters, no NUL."""
    return reason[:REASON].encode(errors="replace").decode().replace("\0", "?")
