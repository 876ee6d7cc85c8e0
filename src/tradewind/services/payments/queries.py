"""Answers questions about money."""

from __future__ import annotations

from ...contracts.payments import (
    GetPayment,
    GetRecordedPayment,
    ListPayments,
    ListRefunds,
    PaymentView,
    RecordedPayment,
    RecordedPayments,
    RecordedPaymentsOf,
    RefundView,
)
from ...contracts.values import Page
from ...core.clock import derived
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import recording, storage
from .domain import Payment, refund_view, view

MOST = 1_000


async def _seen(reader: Reader, payment_id: str, caller: Caller) -> Payment | None:
    payment = await reader.get(storage.PAYMENTS, payment_id)
    return payment if payment is not None and caller.may_see(payment.customer_id) else None


async def get_payment(reader: Reader, query: GetPayment, caller: Caller) -> PaymentView:
    payment = await _seen(reader, query.payment_id, caller)
    if payment is None:
        raise Refused("not_found", 404)
    return view(payment)


async def list_payments(reader: Reader, query: ListPayments, caller: Caller) -> Page[PaymentView]:
    if query.order_id:
        # an order has one payment, and its id follows from the order's
        payment = await _seen(reader, derived(query.order_id, "payment"), caller)
        return Page([] if payment is None else [view(payment)], None)
    listing = Listing("payments", "" if caller.role == "admin" else caller.id)
    values = {**listing.below(query.cursor), "n": query.limit + 1}
    if caller.role == "admin":
        found = await reader.find(storage.PAYMENTS, storage.NEWEST, values)
    else:
        found = await reader.find(storage.PAYMENTS, storage.NEWEST_OF, {**values, "customer": caller.id})
    shown, cursor = listing.page(found, query.limit, lambda payment: (payment.created_at, payment.id))
    return Page([view(payment) for payment in shown], cursor)


async def list_refunds(reader: Reader, query: ListRefunds, caller: Caller) -> Page[RefundView]:
    payment_id = derived(query.order_id, "payment")
    if await _seen(reader, payment_id, caller) is None:
        raise Refused("not_found", 404)
    listing = Listing("refunds", query.order_id)
    values = {"payment": payment_id, **listing.below(query.cursor), "n": query.limit + 1}
    found = await reader.find(storage.REFUNDS, storage.REFUNDS_OF, values)
    shown, cursor = listing.page(found, query.limit, lambda refund: (refund.created_at, refund.id))
    return Page([refund_view(refund) for refund in shown], cursor)


async def get_recorded(reader: Reader, query: GetRecordedPayment, caller: Caller) -> RecordedPayment:
    payment = await reader.get(storage.PAYMENTS, query.payment_id)
    if payment is None:
        raise Refused("not_found", 404)
    return recording.view(payment)


async def recorded_of(reader: Reader, query: RecordedPaymentsOf, caller: Caller) -> RecordedPayments:
    found = await reader.find(storage.PAYMENTS, storage.OF_ORDER, {"order": query.order_id, "n": MOST})
    return RecordedPayments([recording.view(payment) for payment in found])
