"""Puts a message that cannot be handled aside, with its reason, so that its neighbours go on.

It is tried again after each of the `delays`, then it is a dead letter. Later events of the same key wait behind it: order per key is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from ..core.clock import World
from ..core.failpoints import failpoint
from ..core.model import Message, wire_name
from .dead_letter import Parked
from .envelope import ActivityFailed, Incoming, Origin, encode
from .service_runtime import Room
from .unit_of_work import Unit

LOG = logging.getLogger("tradewind.engine")
PARKING = failpoint("parking.before-write", "a message failed; its place among the parked is not written yet")
REASON = 500


class Parking:
    """`delays` are milliseconds; the first failure waits delays[0], and after the last one the message is dead."""

    def __init__(self, world: World, delays: Sequence[int]) -> None:
        self._world, self._delays = world, tuple(delays)
        self.refused: dict[tuple[str, str], str] = {}
        self.revived: dict[str, Parked] = {}

    def failed(self, unit: Unit, incoming: Incoming, reason: str) -> None:
        """The message failed (again): wait longer, or give up."""
        PARKING()
        attempts = incoming.attempts + 1
        dead = attempts > len(self._delays)
        due = incoming.at if dead else incoming.at + self._delays[attempts - 1]
        known = self.revived.get(incoming.ref) if incoming.origin is Origin.PARKED else None
        if known is not None:
            # its row is there, though no rule of the batch has asked for it
            unit.rows[incoming.room.parked].setdefault(known.id, known)
            letter = replace(known, status="DEAD" if dead else "RETRYING", attempts=attempts, reason=storable(reason),
                             due_at=due, last_at=incoming.at)  # fmt: skip
        else:
            letter = self._letter(incoming, "DEAD" if dead else "RETRYING", attempts, reason, due)
            self._unclaim(unit, incoming)
        unit.save(incoming.room.parked, letter)
        if letter.key:
            incoming.room.blocked.add(letter.key)

    def behind(self, unit: Unit, incoming: Incoming) -> None:
        """An older message of this key is parked: wait behind it."""
        unit.save(incoming.room.parked, self._letter(incoming, "WAITING", 0, "waits behind an older message of its key", incoming.at))

    def activity(self, unit: Unit, incoming: Incoming, failed: ActivityFailed) -> None:
        """An activity failed: its row says when to try again; with a bug it is parked."""
        if not failed.final:
            row = (incoming.ref, wire_name(type(failed.activity)), encode(failed.activity).decode(), failed.attempts, failed.due_at,
                   storable(failed.reason), incoming.trace, incoming.first_at)  # fmt: skip
            unit.activities.setdefault(incoming.room, {})[incoming.ref] = row
            return
        unit.end_activity(incoming.room, incoming.ref)
        letter = Parked(self._world.uuid(), "DEAD", "activity", wire_name(type(failed.activity)), "", encode(failed.activity).decode(),
                        failed.attempts, storable(failed.reason), incoming.trace, incoming.at, incoming.first_at, incoming.at)  # fmt: skip
        unit.save(incoming.room.parked, letter)

    def unreadable(
        self, unit: Unit, room: Room, origin: str, name: str, body: str, error: Exception, *, key: str = "", trace: str = ""
    ) -> None:
        """What lies in the store is no message of ours, after a release that forgot it: a dead letter at once."""
        LOG.error("%s: %s cannot be read: %s", room.name, name, error)
        reason = storable(f"{type(error).__name__}: {error}")
        unit.save(room.parked, Parked(self._world.uuid(), "DEAD", origin, name, key, body, 1, reason, trace, unit.at, unit.at, unit.at))
        if key:
            room.blocked.add(key)

    def illegible(self, unit: Unit, room: Room, letter: Parked, error: Exception) -> None:
        """A letter that is to be tried again is none."""
        LOG.error("%s: parked message %s cannot be read: %s", room.name, letter.id, error)
        unit.rows[room.parked].setdefault(letter.id, letter)
        unit.save(room.parked, replace(letter, status="DEAD", reason=storable(f"{type(error).__name__}: {error}"), last_at=unit.at))

    def _letter(self, incoming: Incoming, status: str, attempts: int, reason: str, due: int) -> Parked:
        message = incoming.message
        key = message.key if incoming.origin is Origin.EVENT else ""
        return Parked(self._world.uuid(), status, incoming.origin.name.lower(), wire_name(type(message)), key, _body(message),
                      attempts, storable(reason), incoming.trace, due, incoming.at, incoming.at)  # fmt: skip

    def _unclaim(self, unit: Unit, incoming: Incoming) -> None:
        if incoming.origin is Origin.TIMER:
            unit.drop_timer(incoming.room, incoming.ref)
        elif incoming.origin is Origin.OUTCOME:
            unit.end_activity(incoming.room, incoming.ref)

    @staticmethod
    def settle(unit: Unit, incoming: Incoming) -> None:
        """A parked message was handled after all."""
        unit.save(incoming.room.parked, Parked(incoming.ref, "DONE", "", "", "", "", 0, "", "", 0, 0, 0))


def revive(room: Room, letter: Parked, now: int) -> Incoming:
    """A parked message in flight again. Errors: KeyError for a message nobody here knows, MsgspecError for a body that is none."""
    kind: type[Message] = room.kinds_by_name.get(letter.name) or _heard(room, letter.name)
    incoming = Incoming(room, room.decode(kind, letter.body), Origin.PARKED, letter.id, now, trace=letter.trace)
    incoming.attempts, incoming.first_at = letter.attempts, letter.first_at
    return incoming


def _heard(room: Room, name: str) -> type[Message]:
    return {wire_name(kind): kind for kind in room.rules}[name]


def _body(message: Message) -> str:
    try:
        return encode(message).decode()
    except (TypeError, ValueError):
        return encode(repr(message)).decode()  # it cannot be tried again, but somebody can read it


def storable(reason: str) -> str:
    """A reason as any database takes it: not too long, no half characters, no NUL."""
    return reason[:REASON].encode(errors="replace").decode().replace("\0", "?")
