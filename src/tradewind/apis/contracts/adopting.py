"""Reads the rows of the published system's tables, which `migrate adopt` takes over."""

from __future__ import annotations

from typing import Any

from ...contracts.adopted import AdoptedCustomer, AdoptedOrder, Values
from ...contracts.orders import Line
from ...contracts.values import Money
from ...core.adopting import Source, Unfit
from .published import CUSTOMER

MOST = 2_147_483_647
STATUS = {"pending": "PENDING", "paid": "CONFIRMED", "canceled": "CANCELLED"}


def order(
    values: Values, key: str, customer: str, amount: int, status: str, at: int
) -> tuple[AdoptedOrder, None]:
    if not 1 <= amount <= MOST:
        raise Unfit(f"{amount} is no amount from 1 to {MOST}")
    if status not in STATUS:
        raise Unfit(f"{status!r} is no published status")
    total = Money(amount, values.currency)
    record = AdoptedOrder(
        id=key,
        status=STATUS[status],
        customer_id=customer,
        lines=(Line("", "", "", 1, total, total),),
        total=total,
        created_at=at,
        updated_at=at,
    )
    return record, None


def customer(values: Values, key: str, *fields: Any) -> tuple[AdoptedCustomer, None]:
    *texts, born = fields
    record = AdoptedCustomer(
        id=key, created_at=values.now, date_of_birth=born, **dict(zip(CUSTOMER, texts, strict=True))
    )
    return record, None


SOURCES = (
    Source(
        service="orders",
        schema="public",
        table="customers",
        columns=("id", *CUSTOMER, "date_of_birth"),
        record=AdoptedCustomer,
        select=f"SELECT id::text, {', '.join(CUSTOMER)}, coalesce(date_of_birth::text, '')",
        make=customer,
        key_type="text",
    ),
    Source(
        service="orders",
        schema="public",
        table="orders",
        columns=("id", "customer_id", "amount", "status", "created_at"),
        record=AdoptedOrder,
        select="SELECT id::text, customer_id, amount, status::text, "
        "floor(extract(epoch FROM created_at) * 1000)::bigint",
        make=order,
        key_type="text",
    ),
)
