"""Publishes `order.created` as the published system of integer orders has it: a bare object of numbers, on a
queue of that name without arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ...contracts.orders import Line, OrderCreated
from ...contracts.values import Money, stamp
from ...core.bus import EventRecord
from ...core.channel import Channel, Undeliverable

NAME: Final = "order.created"
LARGEST: Final = 2_147_483_647
MOST_BYTES: Final = 64 * 1024
TOO_LARGE, NOT_JSON, INVALID = "too-large", "not-json", "invalid"
Id = Annotated[int, Meta(ge=1, le=LARGEST)]


class OrderCreatedMessage(msgspec.Struct, frozen=True, rename="camel"):
    """`timestamp` is when the order was made, UTC with milliseconds."""

    order_id: Id
    user_id: Id
    product_id: Id
    quantity: Id
    timestamp: str = ""


_created = msgspec.json.Decoder(OrderCreated).decode
_message = msgspec.json.Decoder(OrderCreatedMessage).decode
_encode = msgspec.json.Encoder().encode


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    currency: str = settings["currency"]
    return (
        Channel(
            event=OrderCreated,
            published=NAME,
            name=NAME,
            encode=_body,
            decode=lambda body: _read(body, currency),
            shape=OrderCreatedMessage,
            dead_letters=f"{NAME}.dlq",
        ),
    )


def _body(event: EventRecord) -> bytes:
    order = _created(event.body)
    (line,) = order.lines
    return _encode(
        OrderCreatedMessage(
            order.number, int(order.customer_id), int(line.product_id), line.quantity, stamp(event.at)
        )
    )


def _read(body: bytes, currency: str) -> OrderCreated:
    if len(body) > MOST_BYTES:
        raise Undeliverable(TOO_LARGE)
    try:
        message = _message(body)
    except msgspec.ValidationError as error:
        raise Undeliverable(f"{INVALID}: {error}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Undeliverable(NOT_JSON) from None
    none = Money(0, currency)
    line = Line(str(message.product_id), "", "", message.quantity, none, none)
    order = str(message.order_id)
    return OrderCreated(order, str(message.user_id), (line,), none, 0, message.order_id)
