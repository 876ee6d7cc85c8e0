"""Checks whether every promise was kept, once a schedule has come to rest: the audit of the stores, and what
only the clients know.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...contracts.orders import OrderCreated, PlaceOrder
from ...contracts.policies import Policies
from ...core.model import wire_name
from ...operations.audit import Promise, check
from ...operations.audit.wiring import Wiring
from ...services.payments.provider.ledger import LedgerEntry
from .disk import Disk
from .ledger import Ledger, Violation

MADE = "SELECT key, trace FROM orders_log WHERE name = ? ORDER BY seq"


async def audited(disk: Disk, entries: list[LedgerEntry], now: int, policies: Policies) -> list[Violation]:
    """What the audit finds. Here a dead letter is one too: no message of a schedule is beyond remedy."""
    found = await check(disk.store, entries, now, Wiring(policies=policies))
    return [
        Violation(finding.name, broken.id, broken.why)
        for finding in found
        if not finding.ok or finding.name == Promise.LETTERS
        for broken in finding.broken
    ]


def kept(disk: Disk, ledger: Ledger) -> Iterator[Violation]:
    """The clients' replies, compared with the stores."""
    made = disk.connection.execute(MADE, (wire_name(OrderCreated),)).fetchall()
    there = {order_id for (order_id,) in disk.connection.execute("SELECT id FROM orders_orders")}
    for order_id, asked in ledger.orders.items():
        if order_id not in there:
            yield Violation(
                "accepted is kept",
                order_id,
                f"{asked.claim or 'a request'} was answered with it, and it is not there",
            )
    wanted = {asked.claim for asked in ledger.asked if isinstance(asked.message, PlaceOrder)}
    orders: dict[str, list[str]] = {}
    for order_id, claim in made:
        orders.setdefault(claim, []).append(order_id)
    for claim, ids in orders.items():
        if claim not in wanted:
            yield Violation("no phantom", ids[0], "nobody asked for it")
        if claim and len(ids) > 1:
            yield Violation("no phantom", ids[0], f"{claim} made {len(ids)} orders: {', '.join(ids)}")
