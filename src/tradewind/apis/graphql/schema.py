"""Resolves the fields of the schema, whose text lies beside it."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema

from ...core.model import Refused
from ..kernel.cached import Cached
from ..kernel.idempotency import plain_key
from .reading import Notification, Orders, Reading
from .shapes import LARGEST, MOST_PIECES, NewOrder, Order, User

Info = GraphQLResolveInfo[Any]
TEXT = "schema.graphql"
MOST_PER_PAGE = 100
_SNAKE = re.compile(r"(?<=[a-z])([A-Z])")
_encode = msgspec.json.Encoder().encode


class Root(msgspec.Struct, frozen=True):
    """Of one request. `orders` keeps the texts of orders."""

    reading: Reading
    orders: Cached


def text() -> str:
    return (resources.files(__package__) / TEXT).read_text(encoding="utf-8")


@cache
def schema() -> GraphQLSchema:
    made = build_schema(text())
    for kind, fields in RESOLVERS.items():
        for name, resolve in fields.items():
            made.type_map[kind].fields[name].resolve = resolve  # type: ignore[attr-defined]
    return made


def attribute(source: Any, info: Info, **_: Any) -> Any:
    """A field without a resolver: `createdAt` is `created_at`."""
    return getattr(source, attribute_of(info.field_name))


@cache
def attribute_of(name: str) -> str:
    return _SNAKE.sub(lambda found: "_" + found[1].lower(), name)


def whole(name: str, value: float, most: int = LARGEST) -> int:
    """Errors: Refused, for what is not a whole number from 1 to `most`."""
    if not 1 <= value <= most or value != int(value):
        raise Refused("invalid_field", 422, f"{name} must be a whole number from 1 to {most}")
    return int(value)


def _new(userId: float, productId: float, quantity: float) -> NewOrder:
    return NewOrder(
        whole("userId", userId), whole("productId", productId), whole("quantity", quantity, MOST_PIECES)
    )


async def create_order(root: Root, info: Info, **given: float) -> str:
    reading = root.reading
    order = await reading.place(_new(**given), str(info.path.key), reading.key)
    await root.orders.forget(order.id)
    return f"Order {order.id} created successfully"


async def place_order(root: Root, info: Info, idempotencyKey: str | None = None, **given: float) -> Order:
    reading = root.reading
    if idempotencyKey is None:
        field, key = str(info.path.key), reading.key
    else:
        field, key = "", plain_key(idempotencyKey.encode())
    order = await reading.place(_new(**given), field, key)
    await root.orders.forget(order.id)
    return order


async def get_order(root: Root, info: Info, id: float) -> str:
    number = whole("id", id)

    async def load() -> bytes | None:
        order = await root.reading.order(number)
        return None if order is None else _encode(order)

    found = await root.orders.read(number, load)
    if found is None:
        raise Refused("not_found", 404, f"Order {number} not found")
    return found.decode()


async def user_name(root: Root, info: Info, id: float) -> str:
    return (await root.reading.user(whole("id", id))).name


async def order(root: Root, info: Info, id: int) -> Order | None:
    return await root.reading.order(whole("id", id))


async def orders(
    root: Root, info: Info, userId: int, first: int | None = 20, after: str | None = None
) -> Orders:
    most = whole("first", 20 if first is None else first, MOST_PER_PAGE)
    return await root.reading.orders(whole("userId", userId), most, after or "")


async def user(root: Root, info: Info, id: int) -> User:
    return await root.reading.user(whole("id", id))


async def notifications(root: Root, info: Info, orderId: int) -> list[Notification]:
    number = whole("orderId", orderId)
    return (await root.reading.notifications([number]))[number]


def order_user(order: Order, info: Info) -> User:
    return info.context.user_of(order)  # type: ignore[no-any-return]


def order_notifications(order: Order, info: Info) -> list[Notification]:
    return info.context.told_of(order)  # type: ignore[no-any-return]


RESOLVERS: dict[str, dict[str, Any]] = {
    "Query": {
        "getOrder": get_order,
        "userName": user_name,
        "order": order,
        "orders": orders,
        "user": user,
        "notifications": notifications,
    },
    "Mutation": {"createOrder": create_order, "placeOrder": place_order},
    "Order": {"user": order_user, "notifications": order_notifications},
}
