"""Reads the rows of the published table, which `migrate adopt` takes over: an order keeps its number."""

from __future__ import annotations

from ...contracts.adopted import AdoptedOrder, Values
from ...contracts.orders import Line
from ...contracts.values import Money
from ...core.adopting import Source, Unfit
from ...core.clock import derived

STATUSES = {word.lower(): word for word in ("PENDING", "CONFIRMED", "FAILED", "CANCELLED")}


def order(
    values: Values, key: str, user: int, product: int, quantity: int, status: str, at: int
) -> tuple[AdoptedOrder, None]:
    for name, value in (("userId", user), ("productId", product), ("quantity", quantity)):
        if value < 1:
            raise Unfit(f"{name} {value} is not above 0")
    if status not in STATUSES:
        raise Unfit(f"{status!r} is no status of an order")
    free = Money(0, values.currency)
    record = AdoptedOrder(
        id=derived("orders", key),
        number=int(key),
        status=STATUSES[status],
        customer_id=str(user),
        lines=(Line(str(product), "", "", quantity, free, free),),
        total=free,
        created_at=at,
        updated_at=at,
    )
    return record, None


SOURCES = (
    Source(
        service="orders",
        schema="public",
        table="orders",
        columns=("id", "userId", "productId", "quantity", "status", "createdAt"),
        record=AdoptedOrder,
        select="SELECT CAST(id AS CHAR), userId, productId, quantity, status, "
        "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', createdAt) DIV 1000",
        make=order,
        key_type="int",
        numbered=True,
        kept="orders_before",
    ),
)
