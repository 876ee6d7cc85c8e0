"""Answers questions about orders."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from ...contracts.orders import (
    GetOrder,
    GetRecordedOrder,
    ListOrders,
    ListRecordedOrders,
    OrderView,
    PricedItem,
    RecordedOrder,
    RecordedOrders,
)
from ...contracts.values import Money, Page, View, stamp
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import storage
from .domain import view


class _Line(View, frozen=True):
    """As much of a line as a recorded order shows."""

    product_id: str
    quantity: int
    unit_price: Money


_lines = msgspec.json.Decoder(list[_Line]).decode


async def get_order(reader: Reader, query: GetOrder, caller: Caller) -> OrderView:
    found = await reader.rows(storage.ONE, {"id": query.order_id})
    if not found or not caller.may_see(found[0][4]):
        raise Refused("not_found", 404)
    (
        id,
        number,
        status,
        payment_status,
        customer_id,
        items,
        total,
        currency,
        failure,
        expires_at,
        version,
        created_at,
        updated_at,
    ) = found[0]
    # the lines are sent as the row stores them
    return OrderView(
        id,
        number,
        status,
        payment_status,
        customer_id,
        Raw(items),  # type: ignore[arg-type]
        Money(total, currency),
        None if failure is None else Raw(failure),  # type: ignore[arg-type]
        stamp(expires_at),
        version,
        stamp(created_at),
        stamp(updated_at),
    )


async def list_orders(reader: Reader, query: ListOrders, caller: Caller) -> Page[OrderView]:
    filters: dict[str, Any] = {} if caller.role == "admin" else {"customer": caller.id}
    if query.status:
        filters["status"] = query.status
    if query.number:
        filters["number"] = query.number
    names = tuple(filters)
    listing = Listing("orders", *[f"{name}={filters[name]}" for name in names])
    values = {**filters, **listing.below(query.cursor), "n": query.limit + 1}
    orders = await reader.find(storage.ORDERS, storage.NEWEST[names], values)
    found, cursor = listing.page(orders, query.limit, lambda order: (order.created_at, order.id))
    return Page([view(order) for order in found], cursor)


async def get_recorded(reader: Reader, query: GetRecordedOrder, caller: Caller) -> RecordedOrder:
    found = await reader.rows(storage.RECORDED, {"id": query.order_id})
    if not found:
        raise Refused("not_found", 404)
    return _recorded(found[0])


async def list_recorded(reader: Reader, query: ListRecordedOrders, caller: Caller) -> RecordedOrders:
    count = await reader.rows(storage.RECORDED_COUNT)
    rows = await reader.rows(
        storage.RECORDED_PAGE, {"n": query.per_page, "skip": (query.page - 1) * query.per_page}
    )
    return RecordedOrders([_recorded(row) for row in rows], count[0][0])


def _recorded(row: tuple[Any, ...]) -> RecordedOrder:
    id, status, items, total, currency, key, created_at, updated_at = row
    shown = tuple([PricedItem(line.product_id, line.quantity, line.unit_price) for line in _lines(items)])
    return RecordedOrder(id, status, shown, Money(total, currency), key, stamp(created_at), stamp(updated_at))
