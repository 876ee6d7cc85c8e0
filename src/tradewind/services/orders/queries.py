"""Answers questions about orders."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw

from ...contracts.orders import GetOrder, ListOrders, OrderView
from ...contracts.values import Money, Page, stamp
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import storage
from .domain import view


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
        key,
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
        key or UNSET,
    )


async def list_orders(reader: Reader, query: ListOrders, caller: Caller) -> Page[OrderView]:
    filters: dict[str, Any] = {} if caller.role == "admin" else {"customer": caller.id}
    if query.status:
        filters["status"] = query.status
    if query.number:
        filters["number"] = query.number
    names = tuple(filters)
    if query.page:
        ((total,),) = await reader.rows(storage.COUNT[names], filters)
        values = {**filters, "n": query.limit, "skip": (query.page - 1) * query.limit}
        orders = await reader.find(storage.ORDERS, storage.PAGE[names], values)
        return Page([view(order) for order in orders], None, total)
    listing = Listing("orders", *[f"{name}={filters[name]}" for name in names])
    values = {**filters, **listing.below(query.cursor), "n": query.limit + 1}
    orders = await reader.find(storage.ORDERS, storage.NEWEST[names], values)
    found, cursor = listing.page(orders, query.limit, lambda order: (order.created_at, order.id))
    return Page([view(order) for order in found], cursor)
