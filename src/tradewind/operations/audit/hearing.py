"""Finds events that were published and not handled, where a broker is in between that cannot be searched:
from the log of one service and the inbox of the other.

An event is handled when its id is in the inbox. An event from before a service subscribed to its name does
not count.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts.subscriptions import heard
from ...core.model import wire_name
from ...engine.service_runtime import ServiceRuntime
from .rows import Rows
from .wiring import Wiring

NEVER = 1 << 63


class Missed(msgspec.Struct, frozen=True):
    seq: int
    name: str
    key: str
    at: int


class EventQueue:
    """The subscription of one service to another."""

    def __init__(self, runtime: ServiceRuntime, source: ServiceRuntime, names: list[str]) -> None:
        self.source, self._names = source.name, len(names)
        log, inbox = source.log, runtime.inbox.rows
        of = sa.or_(*[log.c.name == name for name in names])
        self._first: Any = (
            sa.select(log.c.name, sa.func.min(log.c.seq))
            .select_from(log.join(inbox, inbox.c.id == log.c.id))
            .where(of)
            .group_by(log.c.name)
        )
        self._missed = (
            sa.select(*[log.c[name] for name in Missed.__struct_fields__])
            .select_from(log.outerjoin(inbox, inbox.c.id == log.c.id))
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


def ears(runtime: ServiceRuntime, runtimes: dict[str, ServiceRuntime], wiring: Wiring) -> list[EventQueue]:
    """The subscriptions of one service, as wired; none where services have no broker between them."""
    if not wiring.apart:
        return []
    names = {wire_name(kind) for kind in heard(runtime.name, wiring.policies)}
    return [
        EventQueue(runtime, source, sorted(own))
        for source in runtimes.values()
        if (own := names & source.says.keys())
    ]
