"""The table of contents of orders."""

from __future__ import annotations

from pathlib import Path

from ...contracts.inventory import ProductListed, StockRejected, StockReserved
from ...contracts.orders import (
    CancelOrder,
    GetOrder,
    ListOrders,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentRequested,
    PlaceOrder,
    RefundRequested,
)
from ...contracts.payments import PaymentCompleted, PaymentFailed, PaymentRefunded
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...contracts.users import UserDeleted, UserRegistered
from ...core.manifest import Given, Manifest
from ...core.model import Service, answers, numbered, on
from . import customers, domain, queries, welcome
from .storage import CATALOGUE, CUSTOMERS, MD, ORDERS


def orders(
    deadline_ms: int, *, policies: Policies = DEFAULT, payment_token: str = "", currency: str = "EUR"
) -> Service:
    """`deadline_ms`: how long a buyer's payment may take. `payment_token`: what pays for an order that names nothing.
    `currency`: that of the welcome order.

    With `payment` none nothing is due and no order expires.
    """
    due_ms = deadline_ms if policies.payment != "none" else 0
    if policies.pricing == "client":
        placed = on(PlaceOrder, domain.placing_as_priced(due_ms, payment_token))
    else:
        placed = on(PlaceOrder, domain.placing(due_ms, payment_token), CATALOGUE.each(domain.wanted))
    if policies.customers == "made-when-named":
        placed = customers.naming(placed, CUSTOMERS.callers)
    paid = ORDERS.maybe if policies.payment == "on-order" else ORDERS
    welcomed = on(UserRegistered, welcome.welcoming(due_ms, currency), ORDERS.maybe_at(welcome.order_of))
    return Service("orders", keeps=[ORDERS, CATALOGUE, CUSTOMERS], says=[
        OrderCreated, PaymentRequested, OrderConfirmed, OrderFailed, OrderCancelled, RefundRequested,
    ], does=wired("orders", policies, [
        *[numbered(rule, "orders") for rule in (placed, welcomed)],
        on(StockReserved,           domain.request_payment,      ORDERS),
        on(PaymentCompleted,        domain.confirm,              paid),
        on(StockRejected,           domain.fail,                 ORDERS),
        on(PaymentFailed,           domain.fail,                 paid),
        on(domain.PaymentDue,       domain.expire,               ORDERS),
        on(CancelOrder,             domain.cancel,               ORDERS),
        on(PaymentRefunded,         domain.note_refund,          ORDERS),
        on(UserDeleted,             customers.forget,            CUSTOMERS.maybe),
        on(ProductListed,           domain.learn,                CATALOGUE.each(domain.listed)),
        on(domain.CatalogueLearned, domain.learn,                CATALOGUE.each(domain.learned)),
        answers(GetOrder,           queries.get_order),
        answers(ListOrders,         queries.list_orders),
    ]))  # fmt: skip


def _make(given: Given) -> Service:
    settings = given.settings
    return orders(
        round(settings["order_deadline_s"] * 1000),
        policies=given.policies,
        payment_token=settings["payment_token"],
        currency=settings["currency"],
    )


MANIFEST = Manifest(
    name="orders",
    make=_make,
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    checks=f"{__package__}.checks",
    adopts=f"{__package__}.adopting",
)
