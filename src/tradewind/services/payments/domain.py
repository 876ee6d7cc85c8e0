"""Decides about payments. A payment is stored before the provider is called, under the key of that call.

The provider's record always wins: a charge that is found after the payment was given up makes it COMPLETED,
and `orders`, which knows whether it still wants the payment, requests the refund.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import UNSET
from msgspec.structs import replace

from ...contracts.orders import OrderCancelled, OrderCreated, OrderFailed, PaymentRequested, RefundRequested
from ...contracts.payments import (
    PaymentCompleted,
    PaymentFailed,
    PaymentRefunded,
    PaymentView,
    PaymentVoided,
    ProviderReported,
    RecordPayment,
    RefundPayment,
    RefundView,
)
from ...contracts.values import Money, stamp
from ...core.clock import derived
from ...core.model import (
    Activity,
    Aggregate,
    CancelTimer,
    Context,
    Effects,
    Outcome,
    Refused,
    SetTimer,
    Timer,
)

PENDING, COMPLETED, FAILED, VOIDED = "PENDING", "COMPLETED", "FAILED", "VOIDED"
PARTIALLY_REFUNDED, REFUNDED = "PARTIALLY_REFUNDED", "REFUNDED"
FIRST_CHECK_MS, LAST_CHECK_MS = 2_000, 60_000


class Payment(Aggregate, frozen=True):
    """`refunded` is paid back, `refunding` is under way. `token` is removed when the charge is settled."""

    order_id: str
    customer_id: str
    amount: int
    currency: str
    refunded: int
    refunding: int
    status: str
    provider: str
    token: str
    charge_id: str
    checks: int
    created_at: int
    updated_at: int
    idempotency_key: str | None = None

    @property
    def left(self) -> int:
        return self.amount - self.refunded - self.refunding


class Refund(Aggregate, frozen=True):
    payment_id: str
    order_id: str
    amount: int
    currency: str
    reason: str
    status: str
    created_at: int
    updated_at: int


class CheckDue(Timer, frozen=True, tag="payments.check_due"):
    """The outcome is not known yet: ask the provider."""

    keyed_by: ClassVar[str] = "payment_id"
    payment_id: str


class Charge(Activity, frozen=True, tag="payments.charge"):
    payment_id: str
    amount: int
    currency: str
    token: str
    expires_at: int


class Ask(Activity, frozen=True, tag="payments.ask"):
    payment_id: str


class Void(Activity, frozen=True, tag="payments.void"):
    payment_id: str


class GiveBack(Activity, frozen=True, tag="payments.give_back"):
    refund_id: str
    payment_id: str
    amount: int


class Settled(Outcome, frozen=True, tag="payments.settled"):
    """The provider's record of a charge: CHARGED, DECLINED, PENDING, or VOIDED (stopped beforehand)."""

    payment_id: str
    state: str
    code: str
    charge_id: str


class GivenBack(Outcome, frozen=True, tag="payments.given_back"):
    refund_id: str
    payment_id: str
    done: bool


def payment_of(
    message: OrderCreated | PaymentRequested | OrderFailed | OrderCancelled | RefundRequested | RefundPayment,
) -> str:
    return derived(message.order_id, "payment")


def payment_named(message: Settled | GivenBack | CheckDue | ProviderReported) -> str:
    return message.payment_id


def refund_named(message: GivenBack) -> str:
    return message.refund_id


def view(p: Payment) -> PaymentView:
    return PaymentView(
        p.id,
        p.order_id,
        Money(p.amount, p.currency),
        Money(p.refunded, p.currency),
        p.status,  # type: ignore[arg-type]
        p.provider,
        stamp(p.created_at),
        stamp(p.updated_at),
        UNSET if p.idempotency_key is None else p.idempotency_key,
    )


def refund_view(r: Refund) -> RefundView:
    return RefundView(r.id, r.order_id, Money(r.amount, r.currency), r.reason, r.status, stamp(r.created_at))  # type: ignore[arg-type]


def ask(heard: PaymentRequested, context: Context, payment: Payment | None) -> Effects[None]:
    if payment is not None:
        return
    payment = _payment(heard, context, PENDING, heard.token)
    yield payment
    yield Charge(payment.id, payment.amount, payment.currency, payment.token, heard.expires_at)


def charging(token: str) -> Callable[[OrderCreated, Context, Payment | None], Effects[None]]:
    """The handler that charges an order as soon as it is there, with `token`: what an order names of its own
    does not count. An order of nothing is paid without a charge.
    """

    def charge(heard: OrderCreated, context: Context, payment: Payment | None) -> Effects[None]:
        if payment is not None:
            return
        if heard.total.amount:
            payment = _payment(heard, context, PENDING, token)
            yield payment
            yield Charge(payment.id, payment.amount, payment.currency, payment.token, heard.expires_at)
        else:
            payment = _payment(heard, context, COMPLETED, "")
            yield payment
            yield PaymentCompleted(payment.order_id, payment.id, heard.total, payment.customer_id)

    return charge


def _payment(heard: OrderCreated | PaymentRequested, context: Context, status: str, token: str) -> Payment:
    return Payment(
        payment_of(heard),
        heard.order_id,
        heard.customer_id,
        heard.total.amount,
        heard.total.currency,
        0,
        0,
        status,
        "sandbox",
        token,
        "",
        0,
        context.at,
        context.at,
    )


def record(asked: RecordPayment, context: Context) -> Effects[PaymentView]:
    payment = Payment(
        context.new_id,
        asked.order_id,
        context.caller.id,
        asked.amount.amount,
        asked.amount.currency,
        0,
        0,
        PENDING,
        "",
        "",
        "",
        0,
        context.at,
        context.at,
        asked.idempotency_key or None,
    )
    yield payment
    return view(payment)


def settle(heard: Settled, context: Context, payment: Payment) -> Effects[None]:
    if heard.state == "CHARGED":
        if payment.status in (PENDING, VOIDED, FAILED):
            yield replace(
                payment, status=COMPLETED, token="", charge_id=heard.charge_id, updated_at=context.at
            )
            yield from _look_no_more(payment)
            amount = Money(payment.amount, payment.currency)
            yield PaymentCompleted(payment.order_id, payment.id, amount, payment.customer_id)
    elif heard.state in ("PENDING", "UNKNOWN"):
        if payment.status in (PENDING, VOIDED):
            yield replace(payment, checks=payment.checks + 1, updated_at=context.at)
            yield SetTimer(
                context.at + min(LAST_CHECK_MS, FIRST_CHECK_MS * 2 ** min(payment.checks, 10)),
                CheckDue(payment.id),
            )
    else:
        yield from _look_no_more(payment)
        if payment.status == PENDING:
            yield replace(payment, status=FAILED, token="", updated_at=context.at)
            yield PaymentFailed(
                payment.order_id,
                payment.id,
                "payment_declined" if heard.state == "DECLINED" else "payment_error",
                heard.code,
                payment.customer_id,
                Money(payment.amount, payment.currency),
            )


def _look_no_more(payment: Payment) -> Effects[None]:
    if payment.checks:
        yield CancelTimer(CheckDue(payment.id))


def check(heard: CheckDue, context: Context, payment: Payment) -> Effects[None]:
    if payment.status in (PENDING, VOIDED, FAILED):
        yield Ask(payment.id)


def believe_nobody(heard: ProviderReported, context: Context, payment: Payment | None) -> Effects[None]:
    """A webhook only makes us ask: the provider's own answer is what counts."""
    if payment is not None and payment.status in (PENDING, VOIDED, FAILED):
        yield Ask(payment.id)


def void(heard: OrderFailed | OrderCancelled, context: Context, payment: Payment | None) -> Effects[None]:
    if payment is None:
        return
    if payment.status == PENDING:
        yield replace(payment, status=VOIDED, token="", updated_at=context.at)
        yield PaymentVoided(payment.order_id, payment.id)
        yield Void(payment.id)
    elif isinstance(heard, OrderCancelled):
        yield from _give_back_rest(payment, context, heard.reason or "the order was cancelled")


def give_back(heard: RefundRequested, context: Context, payment: Payment) -> Effects[None]:
    yield from _give_back_rest(payment, context, heard.reason)


def _give_back_rest(payment: Payment, context: Context, reason: str) -> Effects[None]:
    if payment.status in (COMPLETED, PARTIALLY_REFUNDED) and payment.left > 0:
        yield from _start(payment, payment.left, reason, context)


def refund(asked: RefundPayment, context: Context, payment: Payment) -> Effects[RefundView]:
    if payment.status not in (COMPLETED, PARTIALLY_REFUNDED, REFUNDED):
        raise Refused(
            "illegal_transition",
            says=f"A {payment.status} payment cannot be refunded.",
            current=payment.status,
        )
    if asked.amount is not None and asked.amount.currency != payment.currency:
        raise Refused("currency_mismatch", 422, f"The payment is in {payment.currency}.")
    amount = payment.left if asked.amount is None else asked.amount.amount
    if amount > payment.left or payment.left == 0:
        raise Refused(
            "refund_exceeds_payment",
            says="More than is left of the payment.",
            left=Money(payment.left, payment.currency),
        )
    if amount == 0:
        raise Refused("invalid_amount", 422, "A refund must be at least one minor unit.")
    return refund_view((yield from _start(payment, amount, asked.reason, context)))


def _start(payment: Payment, amount: int, reason: str, context: Context) -> Effects[Refund]:
    given = Refund(
        context.new_id,
        payment.id,
        payment.order_id,
        amount,
        payment.currency,
        reason,
        PENDING,
        context.at,
        context.at,
    )
    yield replace(payment, refunding=payment.refunding + amount, updated_at=context.at)
    yield given
    yield GiveBack(given.id, payment.id, amount)
    return given


def note_refund(heard: GivenBack, context: Context, payment: Payment, given: Refund) -> Effects[None]:
    if given.status != PENDING:
        return
    refunding = payment.refunding - given.amount
    if not heard.done:
        yield replace(given, status="FAILED", updated_at=context.at)
        yield replace(payment, refunding=refunding, updated_at=context.at)
        return
    refunded = payment.refunded + given.amount
    whole = refunded == payment.amount
    yield replace(given, status="SUCCEEDED", updated_at=context.at)
    yield replace(
        payment,
        status=REFUNDED if whole else PARTIALLY_REFUNDED,
        refunding=refunding,
        refunded=refunded,
        updated_at=context.at,
    )
    yield PaymentRefunded(
        payment.order_id,
        payment.customer_id,
        payment.id,
        given.id,
        Money(given.amount, given.currency),
        Money(refunded, payment.currency),
        whole,
        given.reason,
    )
