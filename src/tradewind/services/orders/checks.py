"""Checks that an order exists because it was placed, still exists, is priced by its lines, and got its status
by allowed transitions: what the rows of orders and its log say of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from ...contracts.orders import (
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentRequested,
    RefundRequested,
)
from ...core import checks
from ...core.checks import LAST_KEY, Broken, Checked, Checks, Rows, made_twice
from ...core.model import wire_name
from ...core.schema import by_key, shared_keys
from ...engine.tables import framework_tables
from .domain import CANCELLED, CONFIRMED, FAILED, PENDING
from .storage import ORDERS

CREATED, PAY, REFUND = wire_name(OrderCreated), wire_name(PaymentRequested), wire_name(RefundRequested)
ENDS = {
    wire_name(OrderConfirmed): CONFIRMED,
    wire_name(OrderFailed): FAILED,
    wire_name(OrderCancelled): CANCELLED,
}
# the statuses in which an event may be published
FROM = {
    PAY: (PENDING,),
    REFUND: (FAILED, CANCELLED),
    wire_name(OrderConfirmed): (PENDING,),
    wire_name(OrderFailed): (PENDING,),
    wire_name(OrderCancelled): (PENDING, CONFIRMED),
}
ONCE = {CREATED, PAY, REFUND}


class Row(NamedTuple):
    """The part of an order that its events and its lines must match."""

    id: str
    status: str
    payment_status: str
    items: str
    total: int
    version: int
    created_at: int
    adopted_at: int | None


_row, _log = ORDERS.rows.c, framework_tables("orders").log.c
_oldest = sa.select(_log.seq, _log.at).order_by(_log.seq).limit(1)
_orders = by_key(sa.select(*[_row[name] for name in Row._fields]), _row.id)
_said = (
    sa.select(_log.key, _log.name)
    .where(_log.key > sa.bindparam("after"), _log.key <= sa.bindparam("upto"))
    .order_by(_log.key, _log.seq)
)
_shared, _under = shared_keys(ORDERS.rows)
_lines = msgspec.json.Decoder(tuple[Line, ...])


async def history(source: Rows, policies: Any) -> list[Checked]:
    """Every order with its events, a page of orders at a time."""
    lost, phantoms = Checked("accepted is kept", []), Checked("no phantom", [])
    priced, legal = Checked("money", []), Checked("legal transitions only", [])
    since, after = await _remembered_since(source), ""
    while after != LAST_KEY:
        rows = [Row(*row) for row in await source.rows(_orders, {"after": after, "n": checks.PAGE})]
        upto = rows[-1].id if len(rows) == checks.PAGE else LAST_KEY
        said: dict[str, list[str]] = {}
        for key, name in await source.rows(_said, {"after": after, "upto": upto}):
            said.setdefault(key, []).append(name)
        for order in rows:
            events = said.pop(order.id, [])
            if order.adopted_at is None and order.created_at > since and CREATED not in events:
                phantoms.broken.append(Broken(order.id, "nobody said that it was placed"))
            priced.broken += [Broken(order.id, why) for why in _priced(order)]
            legal.broken += [Broken(order.id, why) for why in _legal(order, events)]
        lost.broken += [
            Broken(key, f"{names[0]} was said, and it is not there") for key, names in said.items()
        ]
        after = upto
    phantoms.broken += await made_twice(source, "order", _shared, _under)
    return [lost, phantoms, priced, legal]


async def _remembered_since(source: Rows) -> int:
    """Orders placed before this time may have lost their first events to retention; 0: none has."""
    oldest = await source.rows(_oldest)
    return oldest[0][1] if oldest and oldest[0][0] > 1 else 0


def _priced(order: Row) -> Iterator[str]:
    try:
        lines = _lines.decode(order.items)
    except msgspec.MsgspecError:
        yield "its lines cannot be read"
        return
    if any([line.line_total.amount != line.unit_price.amount * line.quantity for line in lines]):
        yield "a line is not price times quantity"
    # without a SKU they were priced by the caller, who also gives the total
    elif any([line.sku for line in lines]) and sum([line.line_total.amount for line in lines]) != order.total:
        yield "its lines do not come to its total"


def _legal(order: Row, events: list[str]) -> Iterator[str]:
    """The events of an order, in order, lead to its present status by allowed transitions, and match its
    version.
    """
    if not events:
        return
    for name in ONCE:
        if events.count(name) > 1:
            yield f"{name} was said {events.count(name)} times"
    status = ""  # not known where the first events are forgotten
    for event in events:
        status, fault = _step(status, event)
        if fault:
            yield fault
            return
    if status not in ("", order.status):
        yield f"is {order.status}, and its events lead to {status}"
    elif events[0] == CREATED and order.version not in _versions(events, order.payment_status):
        yield (
            f"is version {order.version}, and its events lead to "
            f"{max(_versions(events, order.payment_status))}"
        )


def _step(status: str, event: str) -> tuple[str, str]:
    if event == CREATED:
        return PENDING, f"{CREATED} was said when it was {status}" if status else ""
    if event not in FROM:
        return status, f"{event} is no event of an order"
    if status and status not in FROM[event]:
        return status, f"{event} was said when it was {status}"
    if not status and len(FROM[event]) == 1:
        status = FROM[event][0]
    return ENDS.get(event, status), ""


def _versions(names: Iterable[str], payment_status: str) -> range:
    """One for being placed, one for each final status, one for a late payment, and one or two for refunds,
    which payments publishes.
    """
    least = (
        1
        + sum([name in ENDS or name == REFUND for name in names])
        + (payment_status in ("partially_refunded", "refunded"))
    )
    return range(least, least + 1 + (payment_status == "refunded"))


CHECKS = Checks(invariants=(history,), replies=(ORDERS,))
