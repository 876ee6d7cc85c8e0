"""Decides which notifications a customer gets, each once: the id comes from the order and the occasion."""

from __future__ import annotations

from typing import Literal

from ...contracts.notifications import NotificationView, Template
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...contracts.values import stamp
from ...core.clock import derived
from ...core.model import Aggregate, Context, Effects
from .texts import DEFAULT, LOCALES

LOCALE = LOCALES[DEFAULT]
Heard = OrderCreated | OrderConfirmed | OrderFailed | OrderCancelled | PaymentRefunded
TEMPLATES: dict[type[Heard], Template] = {
    OrderCreated: "order_received",
    OrderConfirmed: "order_confirmed",
    OrderFailed: "order_failed",
    OrderCancelled: "order_cancelled",
    PaymentRefunded: "payment_refunded",
}
COURSE = tuple(TEMPLATES.values())


class Notification(Aggregate, frozen=True):
    """`about` is the order's id; a refund's for `payment_refunded`, since an order may have several."""

    order_id: str
    customer_id: str
    template: Template
    about: str
    channel: Literal["inbox"]
    locale: str
    subject: str
    body: str
    status: Literal["SENT"]
    created_at: int


def about(heard: Heard) -> str:
    return heard.refund_id if isinstance(heard, PaymentRefunded) else heard.order_id


def notice(heard: Heard) -> str:
    """Its id follows from the order's, so that an event that comes twice makes one notification."""
    template = TEMPLATES[type(heard)]
    return derived(
        heard.order_id, f"{template}:{heard.refund_id}" if isinstance(heard, PaymentRefunded) else template
    )


def course(told: Notification) -> tuple[int, int]:
    """Its position in the course of an order, since two may have the same millisecond."""
    return told.created_at, COURSE.index(told.template)


def view(told: Notification) -> NotificationView:
    return NotificationView(
        told.id,
        told.order_id,
        told.template,
        told.channel,
        told.locale,
        told.subject,
        told.body,
        told.status,
        stamp(told.created_at),
    )


def receive(heard: OrderCreated, context: Context, told: Notification | None) -> Effects[None]:
    if told is None:
        yield _tell(
            heard, context, "order_received", {"order": heard.order_id, "total": LOCALE.price(heard.total)}
        )


def confirm(heard: OrderConfirmed, context: Context, told: Notification | None) -> Effects[None]:
    if told is None:
        yield _tell(
            heard, context, "order_confirmed", {"order": heard.order_id, "total": LOCALE.price(heard.total)}
        )


def fail(heard: OrderFailed, context: Context, told: Notification | None) -> Effects[None]:
    if told is None:
        known = f"order_failed.{heard.code}"
        text = known if known in LOCALE.texts else "order_failed.other"
        yield _tell(
            heard, context, text, {"order": heard.order_id, "shortages": LOCALE.shortages(heard.shortages)}
        )


def cancel(heard: OrderCancelled, context: Context, told: Notification | None) -> Effects[None]:
    if told is None:
        yield _tell(
            heard,
            context,
            "order_cancelled",
            {"order": heard.order_id, "because": LOCALE.because(heard.reason)},
        )


def refund(heard: PaymentRefunded, context: Context, told: Notification | None) -> Effects[None]:
    if told is None:
        text = "payment_refunded.whole" if heard.whole else "payment_refunded.part"
        facts = {
            "order": heard.order_id,
            "amount": LOCALE.price(heard.amount),
            "refunded": LOCALE.price(heard.refunded),
        }
        yield _tell(heard, context, text, facts)


def _tell(heard: Heard, context: Context, text: str, facts: dict[str, str]) -> Notification:
    subject, body = LOCALE.text(text, facts)
    return Notification(
        notice(heard),
        heard.order_id,
        heard.customer_id,
        TEMPLATES[type(heard)],
        about(heard),
        "inbox",
        DEFAULT,
        subject,
        body,
        "SENT",
        context.at,
    )
