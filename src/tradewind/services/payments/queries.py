"""Answers questions about money."""

from __future__ import annotations

from ...contracts.payments import GetPayment, ListPayments, ListRefunds, PaymentView, RefundView
from ...contracts.values import Page
from ...core.clock import derived
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import storage
from .domain import Payment, refund_view, view


async def _seen(reader: Reader, payment_id: str, caller: Caller) -> Payment | None:
    payment = await reader.get(storage.PAYMENTS, payment_id)
    return payment if payment is not None and caller.may_see(payment.customer_id) else None


async def get_payment(reader: Reader, query: GetPayment, caller: Caller) -> PaymentView:
    payment = await _seen(reader, query.payment_id, caller)
    if payment is None:
        raise Refused("not_found", 404)
    return view(payment)


async def list_payments(reader: Reader, query: ListPayments, caller: Caller) -> Page[PaymentView]:
    if query.page and not query.order_id:
        return await _page(reader, query, caller)
    customer = "" if caller.role == "admin" else caller.id
    listing = Listing("payments", customer, query.order_id)
    values = {**listing.below(query.cursor), "n": query.limit + 1}
    if query.order_id:
        values["order"] = query.order_id
    if caller.role != "admin":
        values["customer"] = customer
    statement = storage.LISTS[bool(query.order_id), caller.role != "admin"]
    found = await reader.find(storage.PAYMENTS, statement, values)
    shown, cursor = listing.page(found, query.limit, lambda payment: (payment.created_at, payment.id))
    return Page([view(payment) for payment in shown], cursor)


async def _page(reader: Reader, query: ListPayments, caller: Caller) -> Page[PaymentView]:
    of = {} if caller.role == "admin" else {"customer": caller.id}
    page, count = (storage.PAGE_OF, storage.COUNT_OF) if of else (storage.PAGE, storage.COUNT)
    ((total,),) = await reader.rows(count, of)
    values = {**of, "n": query.limit, "skip": (query.page - 1) * query.limit}
    return Page([view(p) for p in await reader.find(storage.PAYMENTS, page, values)], None, total)


async def list_refunds(reader: Reader, query: ListRefunds, caller: Caller) -> Page[RefundView]:
    payment_id = derived(query.order_id, "payment")
    if await _seen(reader, payment_id, caller) is None:
        raise Refused("not_found", 404)
    listing = Listing("refunds", query.order_id)
    values = {"payment": payment_id, **listing.below(query.cursor), "n": query.limit + 1}
    found = await reader.find(storage.REFUNDS, storage.REFUNDS_OF, values)
    shown, cursor = listing.page(found, query.limit, lambda refund: (refund.created_at, refund.id))
    return Page([refund_view(refund) for refund in shown], cursor)
