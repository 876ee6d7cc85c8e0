"""Answers questions about orders."""

from __future__ import annotations

from msgspec import Raw

from ...chassis.model import Caller, Refused
from ...chassis.paging import below, page
from ...chassis.store.port import Reader
from ...contracts.orders import GetOrder, ListOrders, OrderView
from ...contracts.values import Money, Page, stamp
from . import storage
from .domain import view


async def get_order(reader: Reader, query: GetOrder, caller: Caller) -> OrderView:
    found = await reader.rows(storage.ONE, {"id": query.order_id})
    if not found or not caller.may_see(found[0][3]):
        raise Refused("not_found", 404)
    id, status, payment_status, customer_id, items, total, currency, failure, expires_at, version, created_at, updated_at = found[0]
    # the lines go out as they lie in the row
    return OrderView(
        id, status, payment_status, customer_id, Raw(items), Money(total, currency), None if failure is None else Raw(failure),  # type: ignore[arg-type]
        stamp(expires_at), version, stamp(created_at), stamp(updated_at),
    )  # fmt: skip


async def list_orders(reader: Reader, query: ListOrders, caller: Caller) -> Page[OrderView]:
    everybodys = caller.role == "admin"
    statement = {
        (True, False): storage.NEWEST,
        (True, True): storage.NEWEST_IN,
        (False, False): storage.NEWEST_OF,
        (False, True): storage.NEWEST_OF_IN,
    }[everybodys, bool(query.status)]
    values = {"before": below(query.cursor), "n": query.limit + 1}
    if not everybodys:
        values["customer"] = caller.id
    if query.status:
        values["status"] = query.status
    found, cursor = page(await reader.find(storage.ORDERS, statement, values), query.limit, lambda order: order.id)
    return Page([view(order) for order in found], cursor)
