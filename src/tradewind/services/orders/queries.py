"""Answers questions about orders."""

from __future__ import annotations

from ...chassis.model import Caller, Refused
from ...chassis.paging import below, page
from ...chassis.store.port import Reader
from ...contracts.orders import GetOrder, ListOrders, OrderView
from ...contracts.values import Page
from . import storage
from .domain import view


async def get_order(reader: Reader, query: GetOrder, caller: Caller) -> OrderView:
    order = await reader.get(storage.ORDERS, query.order_id)
    if order is None or not caller.may_see(order.customer_id):
        raise Refused("not_found", 404)
    return view(order)


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
