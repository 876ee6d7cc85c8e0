"""Decides which notifications a customer gets, each once: the id comes from the order and the occasion."""

from __future__ import annotations

from typing import Literal

from ...contracts.notifications import NotificationView, Template
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.payments import PaymentRefunded
from ...contracts.values import stamp
from ...core.clock import derived
from ...core.model import Aggregate, Context, Effects
from .texts import LOCALES

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


class Telling:
    """What a customer is told at each step, in the texts of one name."""

    def __init__(self, texts: str) -> None:
        self._name, self._locale = texts, LOCALES[texts]

    def receive(self, heard: OrderCreated, context: Context, told: Notification | None) -> Effects[None]:
        if told is None:
            items = sum([line.quantity for line in heard.lines])
            facts = {"order": heard.order_id, "total": self._locale.price(heard.total), "items": str(items)}
            yield self._tell(heard, context, "order_received", facts)

    def confirm(self, heard: OrderConfirmed, context: Context, told: Notification | None) -> Effects[None]:
        if told is None:
            facts = {"order": heard.order_id, "total": self._locale.price(heard.total)}
            yield self._tell(heard, context, "order_confirmed", facts)

    def fail(self, heard: OrderFailed, context: Context, told: Notification | None) -> Effects[None]:
        if told is None:
            known = f"order_failed.{heard.code}"
            text = known if known in self._locale.texts else "order_failed.other"
            facts = {"order": heard.order_id, "shortages": self._locale.shortages(heard.shortages)}
            yield self._tell(heard, context, text, facts)

    def cancel(self, heard: OrderCancelled, context: Context, told: Notification | None) -> Effects[None]:
        if told is None:
            facts = {"order": heard.order_id, "because": self._locale.because(heard.reason)}
            yield self._tell(heard, context, "order_cancelled", facts)

    def refund(self, heard: PaymentRefunded, context: Context, told: Notification | None) -> Effects[None]:
        if told is None:
            text = "payment_refunded.whole" if heard.whole else "payment_refunded.part"
            facts = {
                "order": heard.order_id,
                "amount": self._locale.price(heard.amount),
                "refunded": self._locale.price(heard.refunded),
            }
            yield self._tell(heard, context, text, facts)

    def _tell(self, heard: Heard, context: Context, text: str, facts: dict[str, str]) -> Notification:
        subject, body = self._locale.text(text, facts)
        return Notification(
            notice(heard),
            heard.order_id,
            heard.customer_id,
            TEMPLATES[type(heard)],
            about(heard),
            "inbox",
            self._name,
            subject,
            body,
            "SENT",
            context.at,
        )
