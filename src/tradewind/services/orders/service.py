"""The table of contents of orders."""

from __future__ import annotations

from ...chassis.model import Service, answers, on
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
from . import domain, queries
from .storage import CATALOGUE, ORDERS


def orders(deadline_ms: int) -> Service:
    """`deadline_ms`: how long a buyer's payment may take."""
    return Service("orders", keeps=[ORDERS, CATALOGUE], says=[
        OrderCreated, PaymentRequested, OrderConfirmed, OrderFailed, OrderCancelled, RefundRequested,
    ], does=[
        on(PlaceOrder,              domain.placing(deadline_ms), CATALOGUE.each(domain.wanted)),
        on(StockReserved,           domain.request_payment,      ORDERS),
        on(PaymentCompleted,        domain.confirm,              ORDERS),
        on(StockRejected,           domain.fail,                 ORDERS),
        on(PaymentFailed,           domain.fail,                 ORDERS),
        on(domain.PaymentDue,       domain.expire,               ORDERS),
        on(CancelOrder,             domain.cancel,               ORDERS),
        on(PaymentRefunded,         domain.note_refund,          ORDERS),
        on(ProductListed,           domain.learn,                CATALOGUE.each(domain.listed)),
        on(domain.CatalogueLearned, domain.learn,                CATALOGUE.each(domain.learned)),
        answers(GetOrder,           queries.get_order),
        answers(ListOrders,         queries.list_orders),
    ])  # fmt: skip
