"""The three topics: each event in the published fields and order, what others write is read, and what is no event
is a dead letter with its reason.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tradewind.apis.events.channels import channels
from tradewind.contracts.orders import Line, OrderCreated
from tradewind.contracts.payments import PaymentCompleted, PaymentFailed
from tradewind.contracts.users import UserRegistered
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.channel import Undeliverable
from tradewind.core.model import Event, wire_name

USERS, ORDERS, PAYMENTS = channels({"currency": "EUR"})
USER, ORDER, PAYMENT = "550e8400-e29b-41d4-a716-446655440000", "o-1", "p-1"
TOTAL, PRICE = Money(30, "EUR"), Money(10, "EUR")
REGISTERED = UserRegistered(USER, "Ada", "customer", "ada@example.com")
CREATED = OrderCreated(ORDER, USER, (Line("product-1", "", "", 3, PRICE, TOTAL),), TOTAL, 0)
COMPLETED = PaymentCompleted(ORDER, PAYMENT, TOTAL, USER)
FAILED = PaymentFailed(ORDER, PAYMENT, "payment_declined", "the payment failed elsewhere", USER, TOTAL)
AT, STAMP = 1_705_314_600_000, "2024-01-15T10:30:00.000Z"
BODIES: list[tuple[Any, Event, str]] = [
    (
        USERS,
        REGISTERED,
        f'{{"userId":"{USER}","email":"ada@example.com","name":"Ada","createdAt":"{STAMP}"}}',
    ),
    (
        ORDERS,
        CREATED,
        f'{{"orderId":"{ORDER}","userId":"{USER}","items":[{{"productId":"product-1","quantity":3,"price":0.1}}],'
        f'"totalAmount":0.3,"createdAt":"{STAMP}"}}',
    ),
    (
        PAYMENTS,
        COMPLETED,
        f'{{"paymentId":"{PAYMENT}","orderId":"{ORDER}","userId":"{USER}","amount":0.3,"status":"completed",'
        f'"completedAt":"{STAMP}"}}',
    ),
    (
        PAYMENTS,
        FAILED,
        f'{{"paymentId":"{PAYMENT}","orderId":"{ORDER}","userId":"{USER}","amount":0.3,"status":"failed",'
        f'"completedAt":"{STAMP}"}}',
    ),
]


@pytest.mark.parametrize(("channel", "event", "body"), BODIES)
def test_an_event_is_published_in_the_published_fields_and_read_again(
    channel: Any, event: Event, body: str
) -> None:
    said = msgspec.json.encode(event).decode()
    record = EventRecord("x", "id", wire_name(type(event)), event.key, said, "", 1, AT)
    assert channel.encode(record).decode() == body
    found = channel.read(body.encode(), {})
    assert (found.name, found.key, found.decoded) == (wire_name(type(event)), event.key, event)


def test_what_the_original_adds_is_passed_over_and_its_float_noise_rounded() -> None:
    body = json.loads(BODIES[1][2])
    trace = {"traceId": "0" * 32, "spanId": "0" * 16, "flags": "1"}
    body |= {"_trace": trace, "totalAmount": 0.30000000000000004}
    assert ORDERS.read(json.dumps(body).encode(), {}).decoded == CREATED


@pytest.mark.parametrize(
    ("channel", "body", "reason"),
    [
        (ORDERS, b"{}", "invalid: Object missing required field `orderId`"),
        (ORDERS, b"{", "not-json"),
        (ORDERS, b"null", "invalid: Expected `object`, got `null`"),
        (USERS, b'{"userId":5,"email":"","name":""}', r"invalid: Expected `str`, got `int` - at `\$.userId`"),
        (
            ORDERS,
            json.dumps({**json.loads(BODIES[1][2]), "totalAmount": 0.301}).encode(),
            "invalid: .*whole cents",
        ),
        (
            ORDERS,
            json.dumps({**json.loads(BODIES[1][2]), "totalAmount": -1}).encode(),
            "invalid: .*whole cents",
        ),
        (PAYMENTS, BODIES[2][2].replace("completed", "odd", 1).encode(), "invalid: Invalid enum value"),
        (PAYMENTS, b" " * (10 * 1024 * 1024 + 1), "too-large"),
    ],
)
def test_what_is_no_event_is_a_dead_letter(channel: Any, body: bytes, reason: str) -> None:
    with pytest.raises(Undeliverable, match=reason):
        channel.read(body, {})


def test_the_topics_and_their_groups_are_the_published_ones() -> None:
    assert [(one.name, one.groups) for one in (USERS, ORDERS, PAYMENTS)] == [
        ("user.created", {"orders": "order-service-group"}),
        ("order.created", {"payments": "payment-service-group"}),
        ("payment.completed", {"orders": "order-service-group"}),
    ]
