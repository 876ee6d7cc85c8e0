"""The tables in which each service keeps what waits, as statements that are made once: a simulation runs them
after every schedule.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from ...engine.service_runtime import ServiceRuntime, furnish
from ...engine.subscriptions import Subscription
from ...runtime.config import defaults
from ...runtime.registry import services
from ...services.payments.provider.port import Provider
from .hearing import ears
from .rows import TIMER
from .wiring import WHOLE, Wiring

Question = sa.Select[Any]
before: Any = sa.bindparam("before")
after: Any = sa.bindparam("after")
n: Any = sa.bindparam("n")


class Waits:
    """Those of one service. `unread` are, by source, the keys of the events that it has not read yet, and the
    first of it; `ears` subscribe over a broker.
    """

    def __init__(self, runtime: ServiceRuntime, runtimes: dict[str, ServiceRuntime], wiring: Wiring) -> None:
        self.name, self.positions = runtime.name, runtime.statements.positions
        self.ears = ears(runtime, runtimes, wiring)
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
    made = services(sorted(wiring.services), defaults(), cast(Provider, None), wiring.policies)
    runtimes = furnish(made, bus=wiring.apart)
    return tuple([Waits(runtime, runtimes, wiring) for runtime in runtimes.values()])
