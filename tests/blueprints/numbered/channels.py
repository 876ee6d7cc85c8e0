"""Publishes `payment.completed` for other teams: a bare object on a queue without arguments, without an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from tradewind.contracts.payments import PaymentCompleted
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.channel import Channel, Undeliverable

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Paid(msgspec.Struct, frozen=True):
    order: Text
    payment: Text
    amount: Annotated[int, msgspec.Meta(ge=0)]


_paid = msgspec.json.Decoder(Paid).decode
_event = msgspec.json.Decoder(PaymentCompleted).decode


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    return (
        Channel(
            event=PaymentCompleted,
            published="paid",
            name=f"{settings['event_exchange']}.paid",
            encode=_encode,
            decode=lambda body: _decode(body, settings["currency"]),
        ),
    )


def _encode(record: EventRecord) -> bytes:
    event = _event(record.body)
    return msgspec.json.encode(Paid(event.order_id, event.payment_id, event.amount.amount))


def _decode(body: bytes, currency: str) -> PaymentCompleted:
    try:
        paid = _paid(body)
    except msgspec.MsgspecError as error:
        raise Undeliverable(f"invalid: {error}") from None
    return PaymentCompleted(paid.order, paid.payment, Money(paid.amount, currency))
