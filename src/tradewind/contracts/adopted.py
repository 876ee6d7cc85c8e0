"""The records in which the rows of another system come over, one for each kind of thing that a shop keeps.
Ids, times (ms since 1970) and idempotency keys stay as they were; the words of a status are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .orders import Line
from .users import Role
from .values import Money


class Values(msgspec.Struct, frozen=True):
    """`currency`: of every amount. `now`: ms since the epoch; idempotency keys are kept as if they had come
    then, and it is the mark of what was adopted.
    """

    currency: str
    now: int


class AdoptedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One that nobody pays here: what becomes of it became of it there. `number`: the one that it keeps; 0:
    it gets the next.
    """

    id: str
    status: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    created_at: int
    updated_at: int
    idempotency_key: str | None = None
    number: int = 0


class AdoptedCustomer(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created_at: int
    name: str = ""
    email: str = ""
    address: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    date_of_birth: str = ""


class AdoptedUser(msgspec.Struct, frozen=True, kw_only=True):
    """With the hash of the password as the other system made it."""

    id: str
    email: str
    name: str
    role: Role
    password_hash: str
    created_at: int


class AdoptedAdmins(msgspec.Struct, frozen=True, kw_only=True):
    """All users of a role; those of others than admins are told of too, and change nothing."""

    role: Role
    ids: tuple[str, ...]


class AdoptedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """`held` of the stock is reserved."""

    id: str
    sku: str
    name: str
    currency: str
    on_hand: int
    held: int
    created_at: int


class AdoptedReservation(msgspec.Struct, frozen=True, kw_only=True):
    """What an order reserves, by product."""

    order_id: str
    items: Mapping[str, int]
    held: bool
    created_at: int
    updated_at: int


class AdoptedPayment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    order_id: str
    amount: Money
    status: str
    created_at: int
    updated_at: int
    idempotency_key: str | None = None
