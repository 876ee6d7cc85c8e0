"""Writes what the services say in the published fields: decimals for minor units, the words of its roles and
statuses.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...contracts.orders import Line
from ...contracts.payments import PaymentView
from ...contracts.users import UserView
from ...core.gateway import Reply

PENDING = "pending"
"""Of an order, always: what became of it, its payment tells."""
_PAYMENTS = {"PENDING": "pending", "COMPLETED": "completed", "FAILED": "failed"}


class User(msgspec.Struct, rename="camel"):
    id: str
    email: str
    name: str
    role: str
    created_at: str


class NewUser(User, rename="camel"):
    updated_at: str


class Item(msgspec.Struct, rename="camel"):
    product_id: str
    quantity: int
    price: float


class Order(msgspec.Struct, rename="camel"):
    id: str
    user_id: str
    items: list[Item]
    total_amount: float
    status: str
    created_at: str


class Payment(msgspec.Struct, rename="camel"):
    id: str
    order_id: str
    amount: float
    status: str
    created_at: str
    updated_at: str


class _Cents(msgspec.Struct):
    amount: int


class _Line(msgspec.Struct, rename="camel"):
    product_id: str
    quantity: int
    unit_price: _Cents


class _Order(msgspec.Struct, rename="camel"):
    """As much of an order as is shown; what we wrote ourselves is not checked again."""

    id: str
    customer_id: str
    items: list[_Line]
    total: _Cents
    created_at: str


_lines = msgspec.json.Decoder(list[_Line]).decode
_order = msgspec.json.Decoder(_Order).decode
_user = msgspec.json.Decoder(UserView).decode


def decimal(units: int) -> float:
    """As JavaScript writes it: 59.98, 59.9, and 60 for a whole amount."""
    return units // 100 if units % 100 == 0 else units / 100


def role(ours: str) -> str:
    return "admin" if ours == "admin" else "user"


def our_role(theirs: str) -> Any:
    return "admin" if theirs == "admin" else "customer"


def user(view: UserView) -> User:
    return User(view.id, view.email, view.name, role(view.role), view.created_at)


def new_user(reply: Reply) -> NewUser:
    view = replied_user(reply)
    at = view.created_at
    return NewUser(view.id, view.email, view.name, role(view.role), at, at)


def replied_user(reply: Reply) -> UserView:
    found: UserView = _user(reply.body) if reply.view is None else reply.view
    return found


def order(view: Any) -> Order:
    """Of an `OrderView`, whose lines may be as the row has them."""
    lines = _lines(view.items) if isinstance(view.items, msgspec.Raw) else view.items
    return Order(
        view.id,
        view.customer_id,
        [_item(line) for line in lines],
        decimal(view.total.amount),
        PENDING,
        view.created_at,
    )


def new_order(reply: Reply) -> Order:
    return order(_order(reply.body) if reply.view is None else reply.view)


def _item(line: Line | _Line) -> Item:
    return Item(line.product_id, line.quantity, decimal(line.unit_price.amount))


def payment(view: PaymentView) -> Payment:
    return Payment(
        view.id,
        view.order_id,
        decimal(view.amount.amount),
        _PAYMENTS.get(view.status, view.status.lower()),
        view.created_at,
        view.updated_at,
    )
