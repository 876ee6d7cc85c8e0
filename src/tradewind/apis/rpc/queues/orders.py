"""The queue of orders: create_order, get_order_by_id, get_orders."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw

from ....contracts.orders import GetOrder, ListOrders, OrderView, PlaceOrder
from ....contracts.orders import Item as Ordered
from ....contracts.values import Page
from ....core.gateway import Gateway, Reply
from ....core.request_queue import Ask
from .. import rules
from ..rules import CreateOrder
from .endpoint import BadPayload, Handler, RpcEndpoint, Values, encode, paging_of, read
from .shown import Cents, decimal, money, page, total_of


class Create(msgspec.Struct, rename="camel"):
    dto: CreateOrder
    idempotency_key: str | None = None
    lang: Any = None


class Item(msgspec.Struct, rename="camel", gc=False):
    product_id: str
    quantity: int
    price: float


class Order(msgspec.Struct, rename="camel"):
    """As it is answered."""

    id: str
    status: str
    items: list[Item]
    total: float
    idempotency_key: str | None
    created_at: str
    updated_at: str


class _Line(msgspec.Struct, rename="camel", gc=False):
    """Version 0.1 called the price of a piece `price`; its replies are kept for 30 days."""

    product_id: str
    quantity: int
    unit_price: Cents | None = None
    price: Cents | None = None


class _Reply(msgspec.Struct, rename="camel"):
    """An `OrderView` as it is read back: what we wrote ourselves is not checked again."""

    id: str
    status: str
    items: list[_Line]
    total: Cents
    created_at: str
    updated_at: str
    idempotency_key: str | None = None


_create = msgspec.json.Decoder(Create).decode
_reply = msgspec.json.Decoder(_Reply).decode
_lines = msgspec.json.Decoder(list[_Line]).decode


def order_handlers(gateway: Gateway, values: Values) -> dict[str, Handler]:
    """By pattern. Every one of them answers its message, at once or later."""
    endpoint, currency = RpcEndpoint(gateway, values, "orders"), values.currency

    def create(ask: Ask) -> None:
        asked = read(_create, ask.data, rules.order_of, Create)
        endpoint.submit(
            ask, placed(asked, currency), asked.dto, asked.idempotency_key, asked.lang, show_reply
        )

    def by_id(ask: Ask) -> None:
        endpoint.one(ask, GetOrder, show)

    def listed(ask: Ask) -> None:
        paging = paging_of(ask.data)

        def show_page(found: Page[OrderView]) -> bytes:
            return page([shown(order) for order in found.data], paging, total_of(found))

        endpoint.query(ask, ListOrders(limit=paging.per_page, page=paging.page), "", show_page)

    handlers = {"create_order": create, "get_order_by_id": by_id, "get_orders": listed}
    return {pattern: endpoint.handler(step) for pattern, step in handlers.items()}


def placed(asked: Create, currency: str) -> PlaceOrder:
    """The message, in minor units. Errors: BadPayload, for what a typed decode cannot see."""
    dto, key = asked.dto, asked.idempotency_key
    if key and (wrong := rules.key_of(key)):
        raise BadPayload(wrong)
    try:
        items = tuple(
            [Ordered(item.quantity, item.product_id, price=money(item.price, currency)) for item in dto.items]
        )
        return PlaceOrder(items, None, money(dto.total, currency), key or UNSET)
    except ValueError:
        found = rules.order_of(rules.json_of(dto))
        raise BadPayload(found if isinstance(found, list) else []) from None


def show_reply(reply: Reply) -> bytes:
    """What the service has committed; a copy's is there as bytes alone."""
    return encode(shown(_reply(reply.body) if reply.view is None else reply.view))


def show(order: OrderView) -> bytes:
    return encode(shown(order))


def shown(order: Any) -> Order:
    """An `OrderView`, or one that was read back."""
    items = [_item(line) for line in (_lines(order.items) if isinstance(order.items, Raw) else order.items)]
    total = decimal(order.total.amount)
    return Order(
        order.id,
        order.status,
        items,
        total,
        order.idempotency_key or None,
        order.created_at,
        order.updated_at,
    )


def _item(line: Any) -> Item:
    """Of a `Line`, or one that was read back."""
    price = line.price if line.unit_price is None else line.unit_price
    return Item(line.product_id, line.quantity, decimal(price.amount))
