"""Reads the rows of the published system's table, which `migrate adopt` takes over. They have no time: they
are as old as their adoption.
"""

from __future__ import annotations

from ...contracts.adopted import AdoptedOrder, Values
from ...contracts.orders import Line
from ...contracts.values import Money
from ...core.adopting import Source, Unfit

MOST = 2_147_483_647


def order(values: Values, key: str, customer: str, amount: int) -> tuple[AdoptedOrder, None]:
    if not 1 <= amount <= MOST:
        raise Unfit(f"{amount} is no amount from 1 to {MOST}")
    total = Money(amount, values.currency)
    record = AdoptedOrder(
        id=key,
        status="PENDING",
        customer_id=customer,
        lines=(Line("", "", "", 1, total, total),),
        total=total,
        created_at=values.now,
        updated_at=values.now,
    )
    return record, None


SOURCES = (
    Source(
        service="orders",
        schema="public",
        table="Order",
        columns=("id", "customerId", "amount"),
        record=AdoptedOrder,
        select='SELECT id::text, "customerId", amount',
        make=order,
        key_type="text",
    ),
)
