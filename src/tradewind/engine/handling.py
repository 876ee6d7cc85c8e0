"""Runs one message through its rule. Apart from the processor so that the way from a handler's end to its
effects fits in the eye.
"""

from __future__ import annotations

import logging
from typing import Any

from ..core.clock import Clock
from ..core.gateway import Reply
from ..core.model import Activity, Consult, Context, Event, Refused
from ..core.store import RowRefused, StoreUnavailable
from .dead_letters import DeadLetters
from .inbox import ActivityFailed, Envelope, Origin, Unreadable, encode, refusal, refused
from .unit_of_work import Absent, UnitOfWork

LOG = logging.getLogger("tradewind.engine")
# the id of such a message is unique in its service, and stays the same when it is tried again
HEARD = Reply(0, b"")
OWN_ID = (Origin.EVENT, Origin.OUTCOME)
FROM_A_BUS = (Origin.EVENT, Origin.CHANNEL)


async def handle(unit: UnitOfWork, envelope: Envelope, clock: Clock, dead_letters: DeadLetters) -> None:
    """Decides one message: its effects go into the unit, its reply waits there for the commit."""
    await _handle(unit, envelope, clock, dead_letters)
    if envelope.inbox_id and envelope.reply is None and envelope.origin in FROM_A_BUS:
        # an event of a bus is claimed, whatever became of it; the bus is informed after the commit
        if unit.rows[envelope.runtime.inbox].get(envelope.inbox_id) is None:
            unit.claim(envelope, 0, b"")
        unit.answer(envelope, HEARD)


async def _handle(unit: UnitOfWork, envelope: Envelope, clock: Clock, dead_letters: DeadLetters) -> None:
    if envelope.source:
        unit.advance(envelope.runtime.subscriptions[envelope.source])
    if dead_letters.refused and envelope.origin is not Origin.REQUEST:
        reason = dead_letters.refused.pop((envelope.runtime.name, envelope.claim_id), "")
        if reason:
            dead_letters.failed(unit, envelope, reason)
            return
    if type(envelope.message) is ActivityFailed:
        dead_letters.activity(unit, envelope, envelope.message)
        return
    if type(envelope.message) is Unreadable:
        _unreadable(unit, envelope, envelope.message, dead_letters)
        return
    if envelope.inbox_id and _decided(unit, envelope):
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
        envelope.new_id = clock.business_id_of(envelope.claim_id) if own else clock.business_id()
    mark, seq = len(unit.heard), envelope.runtime.seq
    effects: list[Any] = []
    reply = HEARD
    number = 0 if plan.numbers is None else plan.numbers.peek()
    try:
        arguments = await unit.arguments(envelope, plan.finds) if plan.finds else ()
        does = plan.do(
            envelope.message,
            Context(envelope.at, envelope.new_id, envelope.caller, envelope.consulted, number),
            *arguments,
        )
        if envelope.origin is Origin.REQUEST:
            view = _run(does, effects)
            reply = Reply(0, encode(view), view=view)
        else:
            effects.extend(does)
        unit.apply(envelope, effects, clock)
        if plan.numbers is not None:
            plan.numbers.take()
    except Consult as pause:
        if envelope.origin is not Origin.REQUEST or envelope.consulted:
            # a query without a waiting caller could not be repeated after a crash
            _broken(
                unit, envelope, TypeError("only a request may consult, and once"), dead_letters, mark, seq
            )
        else:
            unit.set_aside(envelope, pause)
        return
    except Refused as error:
        if envelope.origin is Origin.REQUEST:
            _refuse(unit, envelope, error)
        elif envelope.origin is Origin.CHANNEL:
            unit.answer(envelope, refused(error))  # not claimed: whoever sends it again is refused again
        elif isinstance(envelope.message, Event):
            dead_letters.rejected(unit, envelope, error)
            if envelope.inbox_id:
                _refuse(unit, envelope, error)
        else:
            dead_letters.failed(
                unit, envelope, f"{plan.do.__name__} refused what nobody can take back: {error.code}"
            )
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


def _unreadable(unit: UnitOfWork, envelope: Envelope, what: Unreadable, dead_letters: DeadLetters) -> None:
    if not envelope.inbox_id or not _decided(unit, envelope):
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


def _decided(unit: UnitOfWork, envelope: Envelope) -> bool:
    """Answers a copy of a request from what was decided for the first. An event of a channel that says
    something else about the same is not decided: its service looks.
    """
    row = unit.rows[envelope.runtime.inbox].get(envelope.inbox_id)
    if row is None:
        return False
    if row.fingerprint == envelope.fingerprint:
        unit.answer(envelope, Reply(row.status, row.reply.encode(), replayed=True))
    elif envelope.origin is Origin.CHANNEL:
        return False
    else:
        says = "This idempotency key was used with another request body."
        unit.answer(envelope, refusal(422, "idempotency_key_reused", says))
    return True


def _taken_back(unit: UnitOfWork, timer: Envelope) -> bool:
    """Called off or moved by an earlier message of the batch in which it is due."""
    return timer.claim_id in unit.writes.no_timers.get(
        timer.runtime, ()
    ) or timer.claim_id in unit.writes.timers.get(timer.runtime, ())


def _refuse(unit: UnitOfWork, envelope: Envelope, error: Refused) -> None:
    reply = refused(error)
    if envelope.inbox_id:
        unit.claim(envelope, reply.status, reply.body)
    unit.answer(envelope, reply)


def _done(unit: UnitOfWork, envelope: Envelope, reply: Reply) -> None:
    unit.handled += 1
    if envelope.origin is Origin.REQUEST:
        if envelope.inbox_id:
            unit.claim(envelope, 0, reply.body)
        unit.answer(envelope, reply)
    else:
        release(unit, envelope)


def release(unit: UnitOfWork, envelope: Envelope) -> None:
    """Deletes the row that claims a message which waits no more."""
    origin = envelope.origin
    if origin is Origin.TIMER:
        if envelope.claim_id not in unit.writes.timers.get(envelope.runtime, {}):
            unit.drop_timer(envelope.runtime, envelope.claim_id)
    elif origin is Origin.OUTCOME:
        unit.end_activity(envelope.runtime, envelope.claim_id)
    elif origin is Origin.PARKED:
        DeadLetters.settle(unit, envelope)


def _broken(
    unit: UnitOfWork, envelope: Envelope, error: Exception, dead_letters: DeadLetters, mark: int, seq: int
) -> None:
    unit.undo_events(mark)
    envelope.runtime.seq = seq
    LOG.exception(
        "%s could not handle %s", envelope.runtime.name, type(envelope.message).__name__, exc_info=error
    )
    if envelope.origin is Origin.REQUEST:
        unit.answer(envelope, refusal(500, "internal_error"))
    else:
        dead_letters.failed(unit, envelope, f"{type(error).__name__}: {error}")
