"""The queue of payments: create_payment, get_payment_by_id, get_payments_by_order_id, and
get_payments, which the published load test asks the gateway for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ....contracts.payments import GetPayment, ListPayments, PaymentView, RecordPayment
from ....contracts.values import Page
from ....core.gateway import Gateway, Reply
from ....core.request_queue import Ask
from ...kernel.admission import EVERYONE
from ...kernel.serving import gathered
from .. import rules
from ..rules import CreatePayment
from .endpoint import BadPayload, Handler, RpcEndpoint, Values, about_of, encode, paging_of, read
from .shown import Cents, decimal, money, page, total_of

STATUSES = {"VOIDED": "FAILED", "PARTIALLY_REFUNDED": "COMPLETED"}
"""The published system has four: what it calls ours."""


class Create(msgspec.Struct, rename="camel"):
    dto: CreatePayment
    idempotency_key: str | None = None
    lang: Any = None


class Payment(msgspec.Struct, rename="camel"):
    """As it is answered."""

    id: str
    order_id: str
    amount: float
    status: str
    idempotency_key: str | None
    created_at: str
    updated_at: str


class _Reply(msgspec.Struct, rename="camel"):
    """A `PaymentView` as it is read back: what we wrote ourselves is not checked again."""

    id: str
    order_id: str
    amount: Cents
    status: str
    created_at: str
    updated_at: str
    idempotency_key: str | None = None


_create = msgspec.json.Decoder(Create).decode
_reply = msgspec.json.Decoder(_Reply).decode


def payment_handlers(gateway: Gateway, values: Values) -> dict[str, Handler]:
    """By pattern. Every one of them answers its message, at once or later."""
    endpoint, currency = RpcEndpoint(gateway, values, "payments"), values.currency

    def create(ask: Ask) -> None:
        asked = created(ask.data)
        dto, key = asked.dto, asked.idempotency_key
        message = RecordPayment(dto.order_id.lower(), money(dto.amount, currency), key or "")
        endpoint.submit(ask, message, dto, key, asked.lang, show_reply)

    def by_id(ask: Ask) -> None:
        endpoint.one(ask, GetPayment, show)

    def of_order(ask: Ask) -> None:
        about = about_of(ask.data)
        if isinstance(about.order_id, str) and rules.UUID.match(about.order_id):
            endpoint.answer(
                ask,
                _all_of(gateway, about.order_id.lower(), values.list_max, ask.deadline_ms),
                about.lang,
                show_all,
            )
        else:
            ask.answer(b"[]")  # no order has such an id, so it has no payments

    def listed(ask: Ask) -> None:
        paging = paging_of(ask.data)

        def show_page(found: Page[PaymentView]) -> bytes:
            return page([shown(payment) for payment in found.data], paging, total_of(found))

        endpoint.query(ask, ListPayments(limit=paging.per_page, page=paging.page), "", show_page)

    handlers = {
        "create_payment": create,
        "get_payment_by_id": by_id,
        "get_payments_by_order_id": of_order,
        "get_payments": listed,
    }
    return {pattern: endpoint.handler(step) for pattern, step in handlers.items()}


def created(data: bytes) -> Create:
    """Errors: BadPayload."""
    asked = read(_create, data, rules.payment_of, Create)
    checked = rules.payment_of(rules.json_of(asked.dto))
    wrong = [*(checked if isinstance(checked, list) else ()), *rules.key_of(asked.idempotency_key)]
    if wrong:
        raise BadPayload(wrong)
    return asked


def show_reply(reply: Reply) -> bytes:
    """What the service has committed; a copy's is there as bytes alone."""
    return encode(shown(_reply(reply.body) if reply.view is None else reply.view))


def show(payment: PaymentView) -> bytes:
    return encode(shown(payment))


def show_all(found: Sequence[PaymentView]) -> bytes:
    return encode([shown(payment) for payment in found])


async def _all_of(gateway: Gateway, order_id: str, most: int, deadline: int) -> Sequence[PaymentView]:
    """The payments of an order, newest first: it has no pages to its clients and ends at `most`."""

    def page_of(limit: int, cursor: str) -> ListPayments:
        return ListPayments(order_id, limit, cursor)

    return (await gathered(gateway, page_of, EVERYONE, most, deadline))[0]


def shown(payment: Any) -> Payment:
    """A `PaymentView`, or one that was read back."""
    return Payment(
        payment.id,
        payment.order_id,
        decimal(payment.amount.amount),
        STATUSES.get(payment.status, payment.status),
        payment.idempotency_key or None,
        payment.created_at,
        payment.updated_at,
    )
