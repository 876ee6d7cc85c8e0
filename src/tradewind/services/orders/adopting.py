"""What becomes of an order, or of a customer, that comes over from another system."""

from __future__ import annotations

import msgspec

from ...contracts.adopted import AdoptedCustomer, AdoptedOrder
from ...contracts.orders import OrderView
from ...core.adopting import Adoption, Adoptions
from ...core.model import Aggregate
from .customers import Customer
from .domain import Order, view
from .storage import CUSTOMERS, ORDERS


def order(record: AdoptedOrder, now: int) -> tuple[list[Aggregate], OrderView]:
    made = Order(
        record.id,
        record.status,
        "none",
        record.customer_id,
        record.lines,
        record.total.amount,
        record.total.currency,
        None,
        "",
        0,
        1,
        record.created_at,
        record.updated_at,
        record.idempotency_key,
        now,
        record.number,
    )
    return [made], view(made)


def customer(record: AdoptedCustomer, now: int) -> tuple[list[Aggregate], None]:
    return [msgspec.convert(record, Customer, from_attributes=True)], None


ADOPTS: Adoptions = {
    AdoptedOrder: Adoption((ORDERS,), order, series="orders"),
    AdoptedCustomer: Adoption((CUSTOMERS,), customer),
}
