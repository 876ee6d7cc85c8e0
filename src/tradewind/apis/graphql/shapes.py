"""Says what orders and users look like on the published wires, and what that is for us: an id is the order's
number there, a customer and a product are integers, and there is neither price nor total.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...contracts.orders import Item, Line, OrderView, PlaceOrder, Status
from ...contracts.users import UserView
from ...contracts.values import Money
from ...core.gateway import Reply

LARGEST = 2_147_483_647
MOST_PIECES = 9_999
Id = Annotated[int, Meta(ge=1, le=LARGEST)]
Pieces = Annotated[int, Meta(ge=1, le=MOST_PIECES)]
UNKNOWN_NAME, UNKNOWN_EMAIL = "Unknown User", "unknown@example.com"
SEED = (
    (1, "Alice Johnson", "alice@example.com"),
    (2, "Bob Smith", "bob@example.com"),
    (3, "Charlie Brown", "charlie@example.com"),
)
"""The users of the published system."""
STATUSES: dict[Status, str] = {
    "PENDING": "pending",
    "CONFIRMED": "confirmed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
_OURS = {text: status for status, text in STATUSES.items()}


class Order(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """In the order of the published fields, which the cache keeps as a text."""

    id: int
    user_id: int
    product_id: int
    quantity: int
    status: str
    created_at: str


class User(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    email: str


class NewOrder(msgspec.Struct, frozen=True, rename="camel", gc=False):
    user_id: Id
    product_id: Id
    quantity: Pieces


class _Line(msgspec.Struct, rename="camel", gc=False):
    product_id: str
    quantity: int


class _Placed(msgspec.Struct, rename="camel", gc=False):
    """As much of an order as is published; what we wrote ourselves is not checked again."""

    number: int
    customer_id: str
    items: tuple[_Line, ...]
    status: str
    created_at: str


_placed = msgspec.json.Decoder(_Placed).decode


def placing(asked: NewOrder, currency: str) -> PlaceOrder:
    free = Money(0, currency)
    item = Item(asked.quantity, product_id=str(asked.product_id), price=free)
    return PlaceOrder((item,), None, free)


def placed(reply: Reply) -> Order:
    """The order that came of `placing`."""
    return published(_placed(reply.body) if reply.view is None else reply.view)


def published(order: Any) -> Order:
    """An `OrderView`, or the part of it that is needed."""
    line = order.items[0] if order.items else None
    return Order(
        order.number,
        whole(order.customer_id),
        whole(line.product_id) if line is not None else 0,
        line.quantity if line is not None else 0,
        STATUSES[order.status],
        order.created_at,
    )


def ours(order: Order, currency: str) -> OrderView:
    """What the published form says of an order; whoever has only that knows it by its number."""
    free = Money(0, currency)
    return OrderView(
        str(order.id),
        order.id,
        _OURS.get(order.status, "PENDING"),
        "none",
        str(order.user_id),
        (Line(str(order.product_id), "", "", order.quantity, free, free),),
        free,
        None,
        order.created_at,
        1,
        order.created_at,
        order.created_at,
    )


def our_user(user: User) -> UserView:
    return UserView(str(user.id), user.email, user.name, "customer", 1, "")


def whole(reference: str) -> int:
    """0: an order of another API may name customers and products by what is no integer."""
    if reference.isascii() and reference.isdigit() and len(reference) <= 10:
        found = int(reference)
        return found if found <= LARGEST else 0
    return 0
