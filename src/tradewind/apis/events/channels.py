"""The three topics of the published system: bare JSON objects, which tell what they are about by an id of
their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from ...contracts.orders import Line, OrderCreated
from ...contracts.payments import PaymentCompleted, PaymentFailed
from ...contracts.users import UserRegistered
from ...contracts.values import Money, stamp
from ...core.bus import EventRecord
from ...core.channel import Channel, Undeliverable
from .shapes import Item, decimal

T = TypeVar("T")
MOST_BYTES = 10 * 1024 * 1024
MOST_CENTS = 1_000_000_000_000
ORDERS, PAYMENTS = {"orders": "order-service-group"}, {"payments": "payment-service-group"}
"""The published groups of readers."""
NOISE = 1e-6
"""How far an amount of the original's floats may be from a whole cent."""
Text = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class UserCreatedMessage(msgspec.Struct, frozen=True, rename="camel"):
    user_id: Text
    email: Annotated[str, Meta(max_length=255)]
    name: Annotated[str, Meta(max_length=255)]
    created_at: str = ""


class OrderCreatedMessage(msgspec.Struct, frozen=True, rename="camel"):
    order_id: Text
    user_id: Text
    items: Annotated[list[Item], Meta(min_length=1, max_length=1_000)]
    total_amount: float
    created_at: str = ""


class PaymentCompletedMessage(msgspec.Struct, frozen=True, rename="camel"):
    payment_id: Text
    order_id: Text
    user_id: Text
    amount: float
    status: Literal["completed", "failed"]
    completed_at: str = ""


_registered = msgspec.json.Decoder(UserRegistered).decode
_created = msgspec.json.Decoder(OrderCreated).decode
_completed = msgspec.json.Decoder(PaymentCompleted).decode
_failed = msgspec.json.Decoder(PaymentFailed).decode
_encode = msgspec.json.Encoder().encode


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    currency: str = settings["currency"]
    return (
        Channel(
            event=UserRegistered,
            published="user.created",
            name="user.created",
            groups=ORDERS,
            encode=_user,
            decode=_reader(UserCreatedMessage, _user_of),
            shape=UserCreatedMessage,
        ),
        Channel(
            event=OrderCreated,
            published="order.created",
            name="order.created",
            groups=PAYMENTS,
            encode=_order,
            decode=_reader(OrderCreatedMessage, lambda read: _order_of(read, currency)),
            shape=OrderCreatedMessage,
        ),
        Channel(
            event=PaymentCompleted,
            also=(PaymentFailed,),
            published="payment.completed",
            name="payment.completed",
            groups=ORDERS,
            encode=_payment,
            decode=_reader(PaymentCompletedMessage, lambda read: _payment_of(read, currency)),
            shape=PaymentCompletedMessage,
        ),
    )


def _user(record: EventRecord) -> bytes:
    event = _registered(record.body)
    return _encode(UserCreatedMessage(event.user_id, event.email, event.name, stamp(record.at)))


def _order(record: EventRecord) -> bytes:
    event = _created(record.body)
    items = [Item(line.product_id, line.quantity, decimal(line.unit_price.amount)) for line in event.lines]
    total = decimal(event.total.amount)
    return _encode(OrderCreatedMessage(event.order_id, event.customer_id, items, total, stamp(record.at)))


def _payment(record: EventRecord) -> bytes:
    status: Literal["completed", "failed"]
    if record.name == "payment.failed":
        failed = _failed(record.body)
        amount, status = failed.amount or Money(0, ""), "failed"
        event: PaymentCompleted | PaymentFailed = failed
    else:
        event = _completed(record.body)
        amount, status = event.amount, "completed"
    return _encode(
        PaymentCompletedMessage(
            event.payment_id,
            event.order_id,
            event.customer_id,
            decimal(amount.amount),
            status,
            stamp(record.at),
        )
    )


def _reader(kind: type[T], event_of: Callable[[T], Any]) -> Callable[[bytes], Any]:
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> Any:
        if len(body) > MOST_BYTES:
            raise Undeliverable("too-large")
        try:
            return event_of(decode(body))
        except msgspec.ValidationError as error:
            raise Undeliverable(f"invalid: {error}") from None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Undeliverable("not-json") from None

    return read


def _user_of(read: UserCreatedMessage) -> UserRegistered:
    return UserRegistered(read.user_id, read.name, "customer", read.email)


def _order_of(read: OrderCreatedMessage, currency: str) -> OrderCreated:
    lines = []
    for index, item in enumerate(read.items):
        price = _cents(item.price, f"$.items[{index}].price")
        if not 1 <= item.quantity <= 1_000_000:
            raise Undeliverable(f"invalid: Expected a quantity from 1 on - at `$.items[{index}].quantity`")
        total = Money(price * item.quantity, currency)
        lines.append(Line(item.product_id, "", "", item.quantity, Money(price, currency), total))
    total = Money(_cents(read.total_amount, "$.totalAmount"), currency)
    return OrderCreated(read.order_id, read.user_id, tuple(lines), total, 0)


def _payment_of(read: PaymentCompletedMessage, currency: str) -> PaymentCompleted | PaymentFailed:
    amount = Money(_cents(read.amount, "$.amount"), currency)
    if read.status == "completed":
        return PaymentCompleted(read.order_id, read.payment_id, amount, read.user_id)
    reason = "the payment failed elsewhere"
    return PaymentFailed(read.order_id, read.payment_id, "payment_declined", reason, read.user_id, amount)


def _cents(amount: float, place: str) -> int:
    """Errors: Undeliverable, for what is no amount of whole cents."""
    cents = round(amount * 100) if math.isfinite(amount) and 0 <= amount * 100 <= MOST_CENTS else -1
    if cents < 0 or not math.isclose(cents / 100, amount, rel_tol=0, abs_tol=NOISE):
        raise Undeliverable(f"invalid: Expected an amount of whole cents - at `{place}`")
    return cents
