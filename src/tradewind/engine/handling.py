"""Runs one message through its rule. Apart from the processor so that the way from a handler's end to its effects fits in the eye."""

from __future__ import annotations

import logging
from typing import Any

from ..core.clock import World
from ..core.gateway import Reply
from ..core.model import Activity, Consult, Moment, Refused
from ..core.store import RowRefused, StoreUnavailable
from .dead_letters import Parking
from .envelope import ActivityFailed, Incoming, Origin, Unreadable, encode, refusal, refused
from .unit_of_work import Absent, Unit

LOG = logging.getLogger("tradewind.engine")
# the id of such a message is nobody else's in its service, and stays the same when it is tried again
HEARD = Reply(0, b"")
OWN_ID = (Origin.EVENT, Origin.OUTCOME)


async def handle(unit: Unit, incoming: Incoming, world: World, parking: Parking) -> None:
    """Decides one message: its effects go into the unit, its reply waits there for the commit."""
    await _handle(unit, incoming, world, parking)
    if incoming.claim and incoming.origin is Origin.EVENT and incoming.reply is None:
        # an event of the bus is claimed by its id, whatever became of it; who brought it is told after the commit
        incoming.reply = HEARD
        unit.claim(incoming, 0, b"")
        unit.answered.append(incoming)


async def _handle(unit: Unit, incoming: Incoming, world: World, parking: Parking) -> None:
    if incoming.source:
        unit.moved.add(incoming.room.lines[incoming.source])
    if parking.refused and incoming.origin is not Origin.REQUEST:
        reason = parking.refused.pop((incoming.room.name, incoming.ref), "")
        if reason:
            parking.failed(unit, incoming, reason)
            return
    if type(incoming.message) is ActivityFailed:
        parking.activity(unit, incoming, incoming.message)
        return
    if type(incoming.message) is Unreadable:
        _unreadable(unit, incoming, incoming.message, parking)
        return
    if incoming.claim and _decided(unit, incoming):
        return
    if incoming.origin is Origin.TIMER and _taken_back(unit, incoming):
        return
    if incoming.origin is Origin.PARKED and isinstance(incoming.message, Activity):
        unit.start_again(incoming, world)
        release(unit, incoming)
        return
    if incoming.room.blocked and incoming.origin is Origin.EVENT and incoming.message.key in incoming.room.blocked:
        parking.behind(unit, incoming)
        return
    plan = incoming.room.plans[type(incoming.message)]
    if not incoming.fresh:
        incoming.fresh = incoming.ref if incoming.origin in OWN_ID else world.uuid()
    mark, seq = len(unit.heard), incoming.room.seq
    effects: list[Any] = []
    reply = HEARD
    try:
        arguments = await unit.arguments(incoming, plan.finds) if plan.finds else ()
        does = plan.do(incoming.message, Moment(incoming.at, incoming.fresh, incoming.caller, incoming.consulted), *arguments)
        if incoming.origin is Origin.REQUEST:
            view = _run(does, effects)
            reply = Reply(0, encode(view), view=view)
        else:
            effects.extend(does)
        unit.apply(incoming, effects, world)
    except Consult as pause:
        if incoming.origin is not Origin.REQUEST or incoming.consulted:
            # who asks for another while nobody waits could not be asked again after a crash
            _broken(unit, incoming, TypeError("only a request may consult, and once"), parking, mark, seq)
        else:
            unit.aside.append((incoming, pause))
        return
    except Refused as error:
        if incoming.origin is not Origin.REQUEST:
            parking.failed(unit, incoming, f"{plan.do.__name__} refused an event: {error.code}")
        else:
            _refuse(unit, incoming, error)
        return
    except (StoreUnavailable, RowRefused):
        raise
    except Exception as error:  # a handler's bug must hurt its own message alone
        if isinstance(error, Absent) and incoming.origin is Origin.REQUEST:
            _refuse(unit, incoming, Refused("not_found", 404))
        else:
            _broken(unit, incoming, error, parking, mark, seq)
        return
    _done(unit, incoming, reply)


def _unreadable(unit: Unit, incoming: Incoming, what: Unreadable, parking: Parking) -> None:
    if not incoming.claim or not _decided(unit, incoming):
        why, key = ValueError(what.reason), what.event_key
        parking.unreadable(unit, incoming.room, "bus", what.name, what.body, why, key=key, trace=incoming.trace)


def _run(does: Any, effects: list[Any]) -> Any:
    while True:
        try:
            effects.append(next(does))
        except StopIteration as end:
            return end.value


def _decided(unit: Unit, incoming: Incoming) -> bool:
    """Answers a copy of a request from what was decided for the first."""
    row = unit.rows[incoming.room.inbox].get(incoming.claim)
    if row is None:
        return False
    if row.fingerprint == incoming.fingerprint:
        incoming.reply = Reply(row.status, row.reply.encode(), replayed=True)
    else:
        incoming.reply = refusal(422, "idempotency_key_reused", "This idempotency key was used with another request body.")
    unit.answered.append(incoming)
    return True


def _taken_back(unit: Unit, timer: Incoming) -> bool:
    """Called off or moved by an earlier message of the batch in which it is due."""
    return timer.ref in unit.no_timers.get(timer.room, ()) or timer.ref in unit.timers.get(timer.room, ())


def _refuse(unit: Unit, incoming: Incoming, error: Refused) -> None:
    incoming.reply = refused(error)
    if incoming.claim:
        unit.claim(incoming, incoming.reply.status, incoming.reply.body)
    unit.answered.append(incoming)


def _done(unit: Unit, incoming: Incoming, reply: Reply) -> None:
    unit.handled += 1
    if incoming.origin is Origin.REQUEST:
        incoming.reply = reply
        if incoming.claim:
            unit.claim(incoming, 0, reply.body)
        unit.answered.append(incoming)
    else:
        release(unit, incoming)


def release(unit: Unit, incoming: Incoming) -> None:
    """Deletes the row that claims a message which waits no more."""
    origin = incoming.origin
    if origin is Origin.TIMER:
        if incoming.ref not in unit.timers.get(incoming.room, {}):
            unit.drop_timer(incoming.room, incoming.ref)
    elif origin is Origin.OUTCOME:
        unit.end_activity(incoming.room, incoming.ref)
    elif origin is Origin.PARKED:
        Parking.settle(unit, incoming)


def _broken(unit: Unit, incoming: Incoming, error: Exception, parking: Parking, mark: int, seq: int) -> None:
    del unit.heard[mark:]
    incoming.room.seq = seq
    LOG.exception("%s could not handle %s", incoming.room.name, type(incoming.message).__name__, exc_info=error)
    if incoming.origin is Origin.REQUEST:
        incoming.reply = refusal(500, "internal_error")
        unit.answered.append(incoming)
    else:
        parking.failed(unit, incoming, f"{type(error).__name__}: {error}")
