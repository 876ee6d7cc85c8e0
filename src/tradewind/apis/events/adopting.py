"""The tables of the published system, whose rows `migrate adopt` takes over: users in `userdb`, orders in
`orderdb`. Their times have no zone: they are read in the one that is named, else in UTC.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...contracts.adopted import AdoptedAdmins, AdoptedOrder, AdoptedUser, Values
from ...contracts.orders import Line
from ...contracts.values import Money
from ...core.adopting import Source, Unfit
from .channels import MOST_CENTS, NOISE
from .shapes import our_role

AT = 'floor(extract(epoch FROM "createdAt"::timestamptz) * 1000)::bigint'
# an e-mail that is an account of ours already
TAKEN = """(SELECT taken.user_id FROM {schema}.email_claims taken WHERE taken.user_id <> ''
AND taken.id = encode(sha256(convert_to(lower(there.email), 'UTF8')), 'hex'))"""
_items = msgspec.json.Decoder(list[dict[str, Any]]).decode


def user(
    values: Values, key: str, email: str, name: str, role: str, hashed: str | None, at: int, taken: str | None
) -> tuple[AdoptedUser, None]:
    if taken is not None:
        raise Unfit(f"user {taken} has its e-mail here")
    record = AdoptedUser(
        id=key, email=email, name=name, role=our_role(role), password_hash=hashed or "", created_at=at
    )
    return record, None


def admins(values: Values, role: str, ids: str) -> tuple[AdoptedAdmins, None]:
    return AdoptedAdmins(role=our_role(role), ids=msgspec.json.decode(ids, type=tuple[str, ...])), None


def order(
    values: Values, key: str, customer: str, items: str, total: float, at: int
) -> tuple[AdoptedOrder, None]:
    """One that its own system charged, or gave up: nobody charges it again."""
    money = Money(_cents(float(total)), values.currency)
    record = AdoptedOrder(
        id=key,
        status="PENDING",
        customer_id=customer,
        lines=tuple([_line(item, values.currency) for item in _items(items)]),
        total=money,
        created_at=at,
        updated_at=at,
    )
    return record, None


def _line(item: dict[str, Any], currency: str) -> Line:
    try:
        quantity, product = int(item["quantity"]), str(item["productId"])
        price = _cents(float(item["price"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Unfit(f"an item without a product, a quantity or a price: {error}") from None
    return Line(product, "", "", quantity, Money(price, currency), Money(price * quantity, currency))


def _cents(amount: float) -> int:
    """Errors: Unfit. The original's floats are a little off."""
    cents = round(amount * 100) if 0 <= amount * 100 <= MOST_CENTS else -1
    if cents < 0 or abs(cents / 100 - amount) > NOISE:
        raise Unfit(f"{amount} is no amount of whole cents")
    return cents


SOURCES = (
    Source(
        service="users",
        schema="public",
        table="users",
        columns=("id", "email", "name", "password", "role", "createdAt"),
        record=AdoptedUser,
        select=f"SELECT id::text, email, name, role, password, {AT}, {TAKEN}",
        make=user,
        local_times=True,
    ),
    Source(
        service="users",
        schema="public",
        table="users",
        columns=("id", "role"),
        record=AdoptedAdmins,
        select="SELECT role, json_agg(id::text ORDER BY id)::text",
        make=admins,
        key="role",
        key_type="text",
        group="GROUP BY role",
    ),
    Source(
        service="orders",
        schema="public",
        table="orders",
        columns=("id", "userId", "items", "totalAmount", "createdAt"),
        record=AdoptedOrder,
        select=f'SELECT id::text, "userId", items::text, "totalAmount"::float8, {AT}',
        make=order,
        local_times=True,
    ),
)
