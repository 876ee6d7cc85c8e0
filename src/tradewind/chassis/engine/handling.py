"""Runs one message through its rule. Apart from the processor so that the way from a handler's end to its effects fits in the eye."""

from __future__ import annotations

import logging
from typing import Any

from ..door import Reply
from ..model import Consult, Moment, Refused, Table
from ..world import World
from .incoming import ActivityFailed, Incoming, Origin, encode, refusal, refused
from .parking import Parking
from .unit import Unit

LOG = logging.getLogger("tradewind.engine")


async def handle(unit: Unit, incoming: Incoming, world: World, parking: Parking) -> None:
    """Decides one message: its effects go into the unit, its reply waits there for the commit."""
    if incoming.source:
        unit.moved.add(incoming.room.lines[incoming.source])
    if incoming.ref in parking.refused:
        parking.failed(unit, incoming, parking.refused.pop(incoming.ref))
        return
    if type(incoming.message) is ActivityFailed:
        parking.activity(unit, incoming, incoming.message)
        return
    if incoming.claim and _decided(unit, incoming):
        return
    if incoming.origin is Origin.TIMER and incoming.ref in unit.no_timers.get(incoming.room, {}):
        return
    if incoming.room.blocked and incoming.origin is Origin.EVENT and incoming.message.key in incoming.room.blocked:
        parking.behind(unit, incoming)
        return
    rule = incoming.room.rules[type(incoming.message)]
    if not incoming.fresh:
        incoming.fresh = world.uuid()
    moment = Moment(incoming.at, incoming.fresh, incoming.caller, incoming.consulted)
    wanted: dict[Table[Any], dict[str, None]] = {}
    unit.wanted(rule.loads, incoming.message, wanted)
    while wanted:
        await unit.fetch(wanted)
        wanted.clear()
        unit.wanted(rule.loads, incoming.message, wanted)
    mark, seqs = len(unit.heard), incoming.room.seq
    effects: list[Any] = []
    reply: Any = None
    try:
        does = rule.do(incoming.message, moment, *[unit.argument(load, incoming.message) for load in rule.loads])
        while True:
            try:
                effects.append(next(does))
            except StopIteration as end:
                reply = end.value
                break
        unit.apply(incoming, effects, world)
    except Consult as pause:
        unit.aside.append((incoming, pause))
        return
    except Refused as error:
        if incoming.origin is not Origin.REQUEST:
            parking.failed(unit, incoming, f"{rule.do.__name__} refused an event: {error.code}")
        else:
            _refuse(unit, incoming, error)
        return
    except LookupError as error:
        if incoming.origin is Origin.REQUEST and type(error) is LookupError:
            _refuse(unit, incoming, Refused("not_found", 404))
            return
        _broken(unit, incoming, error, parking, mark, seqs)
        return
    except Exception as error:  # a handler's bug must hurt its own message alone
        _broken(unit, incoming, error, parking, mark, seqs)
        return
    _done(unit, incoming, reply)


def _decided(unit: Unit, incoming: Incoming) -> bool:
    """Answers a copy of a request from what was decided for the first."""
    row = unit.overlay(incoming.room.inbox).get(incoming.claim)
    if row is None:
        return False
    if row.fingerprint == incoming.fingerprint:
        incoming.reply = Reply(row.status, row.reply.encode(), True)
    else:
        incoming.reply = refusal(422, "idempotency_key_reused", "This idempotency key was used with another request body.")
    unit.answered.append(incoming)
    return True


def _refuse(unit: Unit, incoming: Incoming, error: Refused) -> None:
    incoming.reply = refused(error)
    if incoming.claim:
        unit.claim(incoming, incoming.reply.status, incoming.reply.body)
    unit.answered.append(incoming)


def _done(unit: Unit, incoming: Incoming, reply: Any) -> None:
    unit.handled += 1
    origin = incoming.origin
    if origin is Origin.REQUEST:
        body = encode(reply)
        incoming.reply = Reply(0, body)
        if incoming.claim:
            unit.claim(incoming, 0, body)
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
        unit.no_activities.setdefault(incoming.room, {})[incoming.ref] = None
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
