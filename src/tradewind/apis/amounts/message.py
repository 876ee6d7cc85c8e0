"""The message `orders.created` of two published systems: `{orderId, amount, customer: {id}}`. One writes it
bare, the other in the envelope of NestJS; both read both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ...contracts.orders import Line, OrderCreated
from ...contracts.values import Money
from ...core.channel import Channel, Undeliverable
from ..nest.events import unpack_event

PUBLISHED: Final = "orders.created"
LARGEST: Final = 2_147_483_647
MOST_BYTES: Final = 1024 * 1024
UNKNOWN_PATTERN, NOT_JSON, INVALID, TOO_LARGE = "unknown-pattern", "not-json", "invalid", "too-large"
Text = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class Customer(msgspec.Struct, frozen=True):
    id: Text


class OrderCreatedMessage(msgspec.Struct, frozen=True, rename="camel"):
    """The amount has no unit there; for us it is minor units of the shop's currency. It is an integer, which
    some write as `5000.0`.
    """

    order_id: Text
    amount: Annotated[int, Meta(ge=1, le=LARGEST)] | Annotated[float, Meta(ge=1, le=LARGEST)]
    customer: Customer


_created = msgspec.json.Decoder(OrderCreated).decode
_message = msgspec.json.Decoder(OrderCreatedMessage).decode
_encode = msgspec.json.Encoder().encode


def channel(
    settings: Mapping[str, Any],
    spell: Callable[[bytes], bytes] = bytes,
    shape: type[Any] = OrderCreatedMessage,
) -> Channel:
    """`spell`: from the bare object to the body that is published, which is of the type `shape`."""
    currency: str = settings["currency"]
    return Channel(
        event=OrderCreated,
        published=PUBLISHED,
        name=settings["orders_queue"],
        encode=lambda event: spell(_bare(event.body)),
        decode=lambda body: _read(body, currency),
        shape=shape,
    )


def _bare(body: str) -> bytes:
    order = _created(body)
    return _encode(OrderCreatedMessage(order.order_id, order.total.amount, Customer(order.customer_id)))


def _read(body: bytes, currency: str) -> OrderCreated:
    if len(body) > MOST_BYTES:
        raise Undeliverable(TOO_LARGE)
    try:
        packet = unpack_event(body)
        if packet is not None and packet[0] != PUBLISHED:
            raise Undeliverable(UNKNOWN_PATTERN)
        message = _message(body if packet is None else packet[1])
    except msgspec.ValidationError as error:
        raise Undeliverable(f"{INVALID}: {error}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Undeliverable(NOT_JSON) from None
    amount = int(message.amount)
    if amount != message.amount:
        raise Undeliverable(f"{INVALID}: Expected an integer - at `$.amount`")
    total = Money(amount, currency)
    line = Line("", "", "", 1, total, total)
    return OrderCreated(message.order_id, message.customer.id, (line,), total, 0)
