"""The table of contents of orders."""

from __future__ import annotations

from pathlib import Path

from ...contracts.inventory import ProductListed, StockRejected, StockReserved
from ...contracts.orders import (
    CancelOrder,
    GetOrder,
    GetRecordedOrder,
    ListOrders,
    ListRecordedOrders,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentRequested,
    PlaceOrder,
    RecordOrder,
    RefundRequested,
)
from ...contracts.payments import PaymentCompleted, PaymentFailed, PaymentRefunded
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...core.manifest import Given, Manifest
from ...core.model import Service, answers, on
from . import domain, queries, recording
from .storage import CATALOGUE, MD, ORDERS


def orders(deadline_ms: int, *, policies: Policies = DEFAULT, payment_token: str = "") -> Service:
    """`deadline_ms`: how long a buyer's payment may take. `payment_token`: what pays for a recorded order.

    With `payment` none nothing is due and no order expires.
    """
    due_ms = deadline_ms if policies.payment != "none" else 0
    if policies.pricing == "client":
        recorded = on(RecordOrder, recording.recording(due_ms, payment_token))
    else:
        recorded = on(RecordOrder, recording.pricing(due_ms, payment_token), CATALOGUE.each(recording.wanted))
    return Service("orders", keeps=[ORDERS, CATALOGUE], says=[
        OrderCreated, PaymentRequested, OrderConfirmed, OrderFailed, OrderCancelled, RefundRequested,
    ], does=wired("orders", policies, [
        on(PlaceOrder,              domain.placing(due_ms),  CATALOGUE.each(domain.wanted)),
        recorded,
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
        answers(GetRecordedOrder,   queries.get_recorded),
        answers(ListRecordedOrders, queries.list_recorded),
    ]))  # fmt: skip


def _make(given: Given) -> Service:
    settings = given.settings
    return orders(
        round(settings["order_deadline_s"] * 1000),
        policies=given.policies,
        payment_token=settings["payment_token"],
    )


MANIFEST = Manifest(name="orders", make=_make, tables=MD, steps=Path(__file__).with_name("migrations"))
