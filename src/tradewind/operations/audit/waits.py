"""The tables in which each service keeps what waits, as statements that are made once: a simulation runs them
after every schedule.

Where a broker is in between, which cannot be searched, an event that was published and not handled is found
from the log of one service and the inbox of the other. An event from before a service subscribed to its name
does not count.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts.orders import OrderCreated
from ...contracts.subscriptions import heard
from ...core.channel import identity
from ...core.checks import Rows
from ...core.model import wire_name
from ...engine.service_runtime import ServiceRuntime, furnish
from ...engine.subscriptions import Subscription
from ...runtime.config import defaults
from ...runtime.registry import services
from ...services.notifications.storage import NOTIFICATIONS
from .stories import TIMER
from .wiring import WHOLE, Wiring

PAGE = 500
Question = sa.Select[Any]
before: Any = sa.bindparam("before")
after: Any = sa.bindparam("after")
n: Any = sa.bindparam("n")


class Waits:
    """Those of one service. `unread` are, by source, the keys of the events that it has not read yet, and the
    first of it; `queues` are its subscriptions over a broker.
    """

    def __init__(self, runtime: ServiceRuntime, runtimes: dict[str, ServiceRuntime], wiring: Wiring) -> None:
        self.name, self.positions = runtime.name, runtime.statements.positions
        self.queues = event_queues(runtime, runtimes, wiring)
        outbox = runtime.outbox.c
        self.unsent = sa.select(outbox.key)
        self.late_unsent = (
            sa.select(outbox.id, outbox.key, outbox.at).where(outbox.at < before).order_by(outbox.at).limit(n)
        )
        self.unread = {
            name: _unread(runtime, subscription) for name, subscription in runtime.subscriptions.items()
        }
        activity, timer, letter = runtime.activities.c, runtime.timers.c, runtime.parked.rows.c
        self.activities = sa.select(activity.body)
        # an order's own deadline is read with its story: there may be as many as orders
        self.timers = sa.select(timer.body).where(~timer.id.startswith(TIMER))
        self.parked = sa.select(letter.key, letter.body)
        self.late_timers = (
            sa.select(timer.id, timer.due_at).where(timer.due_at < before).order_by(timer.due_at).limit(n)
        )
        old = sa.select(activity.id, activity.name, activity.attempts, activity.reason, activity.at).where(
            activity.at < before
        )
        self.old_activities = old.order_by(activity.at).limit(n)
        late = sa.select(letter.id, letter.name, letter.due_at).where(
            letter.status == "RETRYING", letter.due_at < before
        )
        self.late_retries = late.order_by(letter.due_at).limit(n)
        dead = letter.status == "DEAD"
        self.dead_count = sa.select(sa.func.count()).select_from(runtime.parked.rows).where(dead)
        self.dead = (
            sa.select(letter.id, letter.name, letter.key, letter.body, letter.reason)
            .where(dead)
            .order_by(letter.id)
            .limit(n)
        )
        self.last_said = sa.select(runtime.log.c.at).order_by(runtime.log.c.seq.desc()).limit(1)
        self.last_answered = sa.select(sa.func.coalesce(sa.func.max(runtime.inbox.rows.c.at), 0))


def _unread(runtime: ServiceRuntime, subscription: Subscription) -> tuple[Question, Question]:
    """Rows without a handler do not count: the cursor moves over them with the next one that has one."""
    log = subscription.source.log.c
    heard = [log.name == name for name, kind in subscription.source.says.items() if runtime.hears(kind)]

    def question(*columns: Any) -> Question:
        return sa.select(*columns).where(log.seq > after, sa.or_(*heard))

    return question(log.key), question(log.seq, log.name, log.at).order_by(log.seq).limit(1)


@cache
def waits(wiring: Wiring = WHOLE) -> tuple[Waits, ...]:
    """Of the services that run. Nothing of them is run here, so there is no provider."""
    made = services(sorted(wiring.services), defaults(), policies=wiring.policies)
    runtimes = furnish(made, bus=wiring.apart)
    return tuple([Waits(runtime, runtimes, wiring) for runtime in runtimes.values()])


NEVER = 1 << 63


class Missed(msgspec.Struct, frozen=True):
    seq: int
    name: str
    key: str
    at: int


class EventQueue:
    """The subscription of one service to another. `channel`: over one, where an event is claimed by its name
    and key.
    """

    def __init__(
        self, runtime: ServiceRuntime, source: ServiceRuntime, names: list[str], *, channel: bool = False
    ) -> None:
        self.source, self._names = source.name, len(names)
        log, inbox = source.log, runtime.inbox.rows
        claim: Any = identity(log.c.name, log.c.key) if channel else log.c.id
        of = sa.or_(*[log.c.name == name for name in names])
        self._first: Any = (
            sa.select(log.c.name, sa.func.min(log.c.seq))
            .select_from(log.join(inbox, inbox.c.id == claim))
            .where(of)
            .group_by(log.c.name)
        )
        self._missed = (
            sa.select(*[log.c[name] for name in Missed.__struct_fields__])
            .select_from(log.outerjoin(inbox, inbox.c.id == claim))
            .where(of, log.c.seq > sa.bindparam("after"), inbox.c.id.is_(None))
            .order_by(log.c.seq)
        )

    async def missed(self, source: Rows, *, known: bool = False) -> list[Missed]:
        """In the order of the log; `known`: only names that were handled before, so that there was a
        subscription for sure.
        """
        firsts = dict(await source.rows(self._first))
        after = min(firsts.values(), default=NEVER) if known or len(firsts) == self._names else -1
        rows = (
            [Missed(*row) for row in await source.rows(self._missed, {"after": after})]
            if after < NEVER
            else []
        )
        return [missed for missed in rows if missed.seq > firsts.get(missed.name, NEVER if known else -1)]


class FarEventQueue:
    """The same between two databases: the log is read in pages, and the inbox is asked which it has."""

    def __init__(
        self, runtime: ServiceRuntime, source: ServiceRuntime, names: list[str], *, channel: bool = False
    ) -> None:
        self.source = source.name
        log, inbox = source.log, runtime.inbox.rows
        claim: Any = identity(log.c.name, log.c.key) if channel else log.c.id
        of = sa.or_(*[log.c.name == name for name in names])
        self._page = (
            sa.select(claim, *[log.c[name] for name in Missed.__struct_fields__])
            .where(of, log.c.seq > after)
            .order_by(log.c.seq)
            .limit(PAGE)
        )
        keys = [sa.bindparam(f"key{n}", type_=sa.Text) for n in range(PAGE)]
        self._there = sa.select(inbox.c.id).where(inbox.c.id.in_(keys))

    async def missed(self, source: Rows, *, known: bool = False) -> list[Missed]:
        missed, firsts, place = list[Missed](), dict[str, int](), -1
        while rows := await source.rows(self._page, {"after": place}):
            ids = [row[0] for row in rows]
            given = [*ids, *[ids[0]] * (PAGE - len(ids))]
            found = await source.rows(self._there, {f"key{n}": key for n, key in enumerate(given)})
            there = {key for (key,) in found}
            for key, *rest in rows:
                event = Missed(*rest)
                if key in there:
                    firsts.setdefault(event.name, event.seq)
                else:
                    missed.append(event)
            place = rows[-1][1]
        return [one for one in missed if one.seq > firsts.get(one.name, NEVER if known else -1)]


class ToldOf:
    """Whether notifications has told of each new order, where its store keeps no claims: the documents say
    so. On a channel an order is known there by its number.
    """

    def __init__(self, source: ServiceRuntime, *, channel: bool) -> None:
        self.source, self._channel = source.name, channel
        log, told = source.log, NOTIFICATIONS.rows.c.order_id
        self._page = (
            sa.select(log.c.body, *[log.c[name] for name in Missed.__struct_fields__])
            .where(log.c.name == wire_name(OrderCreated), log.c.seq > after)
            .order_by(log.c.seq)
            .limit(PAGE)
        )
        keys = [sa.bindparam(f"key{n}", type_=sa.Text) for n in range(PAGE)]
        self._there = sa.select(told).where(told.in_(keys))

    async def missed(self, source: Rows, *, known: bool = False) -> list[Missed]:
        missed, place = list[Missed](), -1
        while rows := await source.rows(self._page, {"after": place}):
            orders = [msgspec.json.decode(row[0], type=OrderCreated) for row in rows]
            ids = [str(one.number) if self._channel else one.order_id for one in orders]
            given = [*ids, *[ids[0]] * (PAGE - len(ids))]
            found = await source.rows(self._there, {f"key{n}": key for n, key in enumerate(given)})
            there = {key for (key,) in found}
            missed += [Missed(*row[1:]) for key, row in zip(ids, rows, strict=True) if key not in there]
            place = rows[-1][1]
        return missed


def event_queues(
    runtime: ServiceRuntime, runtimes: dict[str, ServiceRuntime], wiring: Wiring
) -> list[EventQueue | FarEventQueue | ToldOf]:
    """The subscriptions of one service, as wired; none where services have no broker between them."""
    if not wiring.apart:
        return []
    names = {wire_name(kind) for kind in heard(runtime.name, wiring.policies)}
    if runtime.name in wiring.unclaimed:
        orders, name = runtimes.get("orders"), wire_name(OrderCreated)
        return [] if orders is None else [ToldOf(orders, channel=name in wiring.channels)]
    return [
        (EventQueue if wiring.together(runtime.name, source.name) else FarEventQueue)(
            runtime, source, sorted(some), channel=channel
        )
        for source in runtimes.values()
        for channel in (False, True)
        if (some := {name for name in names & source.says.keys() if (name in wiring.channels) == channel})
    ]
