"""Runs one message through its rule. Apart from the processor so that the way from a handler's end to its
effects fits in the eye.
"""

from __future__ import annotations

import logging
from typing import Any

from ..core.clock import Clock
from ..core.gateway import Reply
from ..core.model import Activity, Consult, Context, Refused
from ..core.store import RowRefused, StoreUnavailable
from .dead_letters import DeadLetters
from .inbox import ActivityFailed, Envelope, Origin, Unreadable, encode, refusal, refused
from .unit_of_work import Absent, Unit

LOG = logging.getLogger("tradewind.engine")
# the id of such a message is unique in its service, and stays the same when it is tried again
HEARD = Reply(0, b"")
OWN_ID = (Origin.EVENT, Origin.OUTCOME)


async def handle(unit: Unit, envelope: Envelope, clock: Clock, dead_letters: DeadLetters) -> None:
    """Decides one message: its effects go into the unit, its reply waits there for the commit."""
    await _handle(unit, envelope, clock, dead_letters)
    if envelope.claim and envelope.origin is Origin.EVENT and envelope.reply is None:
        # an event of the bus is claimed by its id, whatever became of it; the bus is informed after the
        # commit
        envelope.reply = HEARD
        unit.claim(envelope, 0, b"")
        unit.answered.append(envelope)


async def _handle(unit: Unit, envelope: Envelope, clock: Clock, dead_letters: DeadLetters) -> None:
    if envelope.source:
        unit.moved.add(envelope.runtime.subscriptions[envelope.source])
    if dead_letters.refused and envelope.origin is not Origin.REQUEST:
        reason = dead_letters.refused.pop((envelope.runtime.name, envelope.ref), "")
        if reason:
            dead_letters.failed(unit, envelope, reason)
            return
    if type(envelope.message) is ActivityFailed:
        dead_letters.activity(unit, envelope, envelope.message)
        return
    if type(envelope.message) is Unreadable:
        _unreadable(unit, envelope, envelope.message, dead_letters)
        return
    if envelope.claim and _decided(unit, envelope):
        return
    if envelope.origin is Origin.TIMER and _taken_back(unit, envelope):
        return
    if envelope.origin is Origin.PARKED and isinstance(envelope.message, Activity):
        unit.start_again(envelope, clock)
        release(unit, envelope)
        return
    if (
        envelope.runtime.blocked
        and envelope.origin is Origin.EVENT
        and envelope.message.key in envelope.runtime.blocked
    ):
        dead_letters.behind(unit, envelope)
        return
    plan = envelope.runtime.plans[type(envelope.message)]
    if not envelope.new_id:
        own = envelope.origin in OWN_ID
        envelope.new_id = clock.business_id_of(envelope.ref) if own else clock.business_id()
    mark, seq = len(unit.heard), envelope.runtime.seq
    effects: list[Any] = []
    reply = HEARD
    try:
        arguments = await unit.arguments(envelope, plan.finds) if plan.finds else ()
        does = plan.do(
            envelope.message,
            Context(envelope.at, envelope.new_id, envelope.caller, envelope.consulted),
            *arguments,
        )
        if envelope.origin is Origin.REQUEST:
            view = _run(does, effects)
            reply = Reply(0, encode(view), view=view)
        else:
            effects.extend(does)
        unit.apply(envelope, effects, clock)
    except Consult as pause:
        if envelope.origin is not Origin.REQUEST or envelope.consulted:
            # a query without a waiting caller could not be repeated after a crash
            _broken(
                unit, envelope, TypeError("only a request may consult, and once"), dead_letters, mark, seq
            )
        else:
            unit.aside.append((envelope, pause))
        return
    except Refused as error:
        if envelope.origin is not Origin.REQUEST:
            dead_letters.failed(unit, envelope, f"{plan.do.__name__} refused an event: {error.code}")
        else:
            _refuse(unit, envelope, error)
        return
    except (StoreUnavailable, RowRefused):
        raise
    except Exception as error:  # a handler's bug must hurt its own message alone
        if isinstance(error, Absent) and envelope.origin is Origin.REQUEST:
            _refuse(unit, envelope, Refused("not_found", 404))
        else:
            _broken(unit, envelope, error, dead_letters, mark, seq)
        return
    _done(unit, envelope, reply)


def _unreadable(unit: Unit, envelope: Envelope, what: Unreadable, dead_letters: DeadLetters) -> None:
    if not envelope.claim or not _decided(unit, envelope):
        why, key = ValueError(what.reason), what.event_key
        dead_letters.unreadable(
            unit, envelope.runtime, "bus", what.name, what.body, why, key=key, trace=envelope.trace
        )


def _run(does: Any, effects: list[Any]) -> Any:
    while True:
        try:
            effects.append(next(does))
        except StopIteration as end:
            return end.value


def _decided(unit: Unit, envelope: Envelope) -> bool:
    """Answers a copy of a request from what was decided for the first."""
    row = unit.rows[envelope.runtime.inbox].get(envelope.claim)
    if row is None:
        return False
    if row.fingerprint == envelope.fingerprint:
        envelope.reply = Reply(row.status, row.reply.encode(), replayed=True)
    else:
        envelope.reply = refusal(
            422, "idempotency_key_reused", "This idempotency key was used with another request body."
        )
    unit.answered.append(envelope)
    return True


def _taken_back(unit: Unit, timer: Envelope) -> bool:
    """Called off or moved by an earlier message of the batch in which it is due."""
    return timer.ref in unit.no_timers.get(timer.runtime, ()) or timer.ref in unit.timers.get(
        timer.runtime, ()
    )


def _refuse(unit: Unit, envelope: Envelope, error: Refused) -> None:
    envelope.reply = refused(error)
    if envelope.claim:
        unit.claim(envelope, envelope.reply.status, envelope.reply.body)
    unit.answered.append(envelope)


def _done(unit: Unit, envelope: Envelope, reply: Reply) -> None:
    unit.handled += 1
    if envelope.origin is Origin.REQUEST:
        envelope.reply = reply
        if envelope.claim:
            unit.claim(envelope, 0, reply.body)
        unit.answered.append(envelope)
    else:
        release(unit, envelope)


def release(unit: Unit, envelope: Envelope) -> None:
    """Deletes the row that claims a message which waits no more."""
    origin = envelope.origin
    if origin is Origin.TIMER:
        if envelope.ref not in unit.timers.get(envelope.runtime, {}):
            unit.drop_timer(envelope.runtime, envelope.ref)
    elif origin is Origin.OUTCOME:
        unit.end_activity(envelope.runtime, envelope.ref)
    elif origin is Origin.PARKED:
        DeadLetters.settle(unit, envelope)


def _broken(
    unit: Unit, envelope: Envelope, error: Exception, dead_letters: DeadLetters, mark: int, seq: int
) -> None:
    del unit.heard[mark:]
    envelope.runtime.seq = seq
    LOG.exception(
        "%s could not handle %s", envelope.runtime.name, type(envelope.message).__name__, exc_info=error
    )
    if envelope.origin is Origin.REQUEST:
        envelope.reply = refusal(500, "internal_error")
        unit.answered.append(envelope)
    else:
        dead_letters.failed(unit, envelope, f"{type(error).__name__}: {error}")
