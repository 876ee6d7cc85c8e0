"""The messages of payments: charges and refunds of an order."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, UnsetType

from ..core.model import Event, Query, Request
from .operation import Operation, Who
from .users import Limit
from .values import (
    HIDDEN,
    Key,
    Money,
    Page,
    PageOrCursor,
    Reason,
    Reference,
    ReferenceOrAny,
    Stamp,
    Uuid,
    UuidOrAny,
    View,
)

Status = Literal["PENDING", "COMPLETED", "FAILED", "VOIDED", "PARTIALLY_REFUNDED", "REFUNDED"]
RefundStatus = Literal["PENDING", "SUCCEEDED", "FAILED"]


class PaymentView(View, frozen=True):
    id: str
    order_id: str
    amount: Money
    refunded: Money
    status: Status
    provider: str
    created_at: Stamp
    updated_at: Stamp
    # the key under which it was recorded
    idempotency_key: Annotated[str | UnsetType, HIDDEN] = UNSET


class RefundView(View, frozen=True):
    id: str
    order_id: str
    amount: Money
    reason: str
    status: RefundStatus
    created_at: Stamp


class RecordPayment(Request, frozen=True, tag="payments.record"):
    """Records a payment that another system takes; an order may have several. It is no charge: no provider is
    called, so it has no provider, no token and no outcome of ours.
    """

    keyed_by: ClassVar[str] = "order_id"
    order_id: Reference
    amount: Money
    idempotency_key: Key = ""


class RefundPayment(Request, frozen=True, tag="payments.refund", forbid_unknown_fields=True):
    """Gives money back: `amount`, or all that is left."""

    keyed_by: ClassVar[str] = "order_id"
    order_id: Reference
    reason: Reason
    amount: Money | None = None


class ProviderReported(Request, frozen=True, tag="payments.reported"):
    """A webhook of the payment provider, its signature proven by the API."""

    keyed_by: ClassVar[str] = "payment_id"
    payment_id: str
    charge_id: str


class GetPayment(Query, frozen=True, tag="payments.get"):
    payment_id: Uuid


class ListPayments(Query, frozen=True, tag="payments.list"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: ReferenceOrAny = ""
    limit: Limit = 20
    cursor: str = ""
    # of all payments: one order has few
    page: PageOrCursor = 0


class ListRefunds(Query, frozen=True, tag="payments.refunds"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: Reference
    limit: Limit = 20
    cursor: str = ""


class PaymentCompleted(Event, frozen=True, tag="payment.completed"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    payment_id: str
    amount: Money
    customer_id: str = ""


class PaymentFailed(Event, frozen=True, tag="payment.failed"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    payment_id: str
    code: Literal["payment_declined", "payment_error"]
    reason: str
    customer_id: str = ""
    amount: Money | None = None


class PaymentVoided(Event, frozen=True, tag="payment.voided"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    payment_id: str


class PaymentRefunded(Event, frozen=True, tag="payment.refunded"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    payment_id: str
    refund_id: str
    amount: Money
    refunded: Money
    whole: bool
    reason: str


_REFUNDS = "/api/v1/orders/{orderId}/refunds"
_UUID = {"order_id": Uuid}
_GONE = (404, "not_found")
OPERATIONS = (
    Operation(
        "payments.refund",
        "POST",
        _REFUNDS,
        RefundPayment,
        RefundView,
        Who.ADMIN,
        "Give money back, all of it or a part",
        201,
        (
            _GONE,
            (409, "refund_exceeds_payment"),
            (409, "illegal_transition"),
            (422, "currency_mismatch"),
            (422, "invalid_amount"),
        ),
        {"amount": {"amount": 500, "currency": "EUR"}, "reason": "damaged"},
        narrows=_UUID,
    ),
    Operation(
        "payments.refunds",
        "GET",
        _REFUNDS,
        ListRefunds,
        Page[RefundView],
        Who.OWNER,
        "The refunds of an order",
        refuses=(_GONE,),
        paged=True,
        narrows=_UUID,
    ),
    Operation(
        "payments.list",
        "GET",
        "/api/v1/payments",
        ListPayments,
        Page[PaymentView],
        Who.OWNER,
        "Payments, newest first",
        paged=True,
        hides=("page",),
        narrows={"order_id": UuidOrAny},
    ),
    Operation(
        "payments.get",
        "GET",
        "/api/v1/payments/{paymentId}",
        GetPayment,
        PaymentView,
        Who.OWNER,
        "One payment",
        refuses=(_GONE,),
    ),
)
