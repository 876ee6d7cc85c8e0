"""One copy of invoices as a program: it hears its share of the orders, as from a broker, and says how many are
left after each, until it has heard all or is killed.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec

from tradewind.contracts.orders import Line, OrderCreated
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock, derived
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.engine.platform import Platform
from tradewind.operations.shared_store import Nobody
from tradewind.services.invoices.service import invoices

PLAIN = Policies(payment="none", invoice="created", invoice_number="{number}", invoice_reset="never")
TOTAL = Money(1_999, "EUR")


def created(n: int) -> EventRecord:
    order = derived(f"order {n}", "test")
    body = OrderCreated(order, "ada", (Line("p1", "TEA", "Tea", 1, TOTAL, TOTAL),), TOTAL, 0)
    text = msgspec.json.encode(body).decode()
    return EventRecord("orders", derived(f"event {n}", "test"), "order.created", order, text, "", n, 0)


async def hear(url: str, orders: range) -> None:
    platform = Platform(SharedStore(url), [invoices(policies=PLAIN)], SystemClock(), bus=Nobody())
    await platform.start()
    left, ended = len(orders), asyncio.Event()

    def done(_reason: str) -> None:
        nonlocal left
        left -= 1
        print(left, flush=True)
        if not left:
            ended.set()

    for n in orders:
        platform.receive(created(n), "invoices", done)
        await asyncio.sleep(0.002)
    await ended.wait()
    await platform.stop()


if __name__ == "__main__":
    asyncio.run(hear(sys.argv[1], range(*map(int, sys.argv[2:]))))
