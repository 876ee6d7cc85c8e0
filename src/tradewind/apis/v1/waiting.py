"""Lets a client wait for an order's end with one request (`Prefer: wait=N`, RFC 7240), instead of polling."""

from __future__ import annotations

import re
from functools import partial

from ...contracts.orders import GetOrder, OrderView
from ...core.clock import Clock
from ...core.gateway import Gateway
from .call import COMMON, Call, Handles
from .serving import V1Serving
from .settings import V1Settings

LONGEST_S = 30
LOOK_AGAIN_S = 1.0  # a hint of a change may get lost between processes: then this is the delay
_WAIT = re.compile(rb'(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?([0-9]{1,9})"?[ \t]*(?=$|[,;])', re.IGNORECASE)


def preferred(headers: dict[bytes, bytes]) -> int:
    """Seconds. 0: no wait; a value that cannot be read is ignored."""
    prefer = headers.get(b"prefer")
    found = _WAIT.search(prefer) if prefer is not None else None
    return min(int(found[1]), LONGEST_S) if found else 0


class Waiting:
    def __init__(self, serving: V1Serving, gateway: Gateway, clock: Clock, settings: V1Settings) -> None:
        self._serving, self._gateway, self._clock = serving, gateway, clock
        self._most, self._answer_s = settings.waiters, settings.answer_s
        self._waiting = 0
        self.handles: Handles = {GetOrder: self._get}

    def _get(self, call: Call) -> None:
        seconds = preferred(call.request.headers)
        if not seconds:
            self._serving.query(call)
            return
        query: GetOrder = call.bound()
        self._serving.ask(call, query, partial(self._looked, call, query, seconds))

    def close(self) -> None:
        """From now on no wait begins, and those under way are answered within a second."""
        self._most = 0

    def _looked(self, call: Call, query: GetOrder, seconds: int, order: OrderView) -> None:
        show = partial(call.show, headers=(*COMMON, (b"preference-applied", b"wait=%d" % seconds)))
        if order.status != "PENDING":
            show(order)
        elif self._waiting >= self._most:
            call.show(order)
        else:
            self._waiting += 1
            self._serving.asks.later(
                self._ended(call, query, seconds, order), show, call.fail, seconds + self._answer_s
            )

    async def _ended(self, call: Call, query: GetOrder, seconds: int, order: OrderView) -> OrderView:
        try:
            until = self._clock.now() + seconds * 1_000
            left = float(seconds)
            while left > 0 and order.status == "PENDING" and self._most:
                pause = min(left, LOOK_AGAIN_S)
                changed = await self._gateway.changed(query.order_id, pause)
                left = min(left if changed else left - pause, (until - self._clock.now()) / 1_000)
                order = await self._gateway.ask(query, call.caller, trace=call.traceparent)
            return order
        finally:
            self._waiting -= 1
