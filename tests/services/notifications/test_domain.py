"""What customers are told: once per occasion, in words that fit it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.services.notifications.events import CANCELLED, CONFIRMED, CREATED, EVERY, FAILED, ORDER, REFUNDED
from tradewind.contracts.values import Money
from tradewind.core.clock import derived
from tradewind.core.model import Context, settle
from tradewind.services.notifications.domain import Heard, Notification, Telling, notice
from tradewind.services.notifications.service import SERVICE

EN = Telling("en")
receive, fail, cancel, refund = EN.receive, EN.fail, EN.cancel, EN.refund

NOW = Context(2_000)


def told(heard: Heard, before: Notification | None = None) -> list[Notification]:
    effects, _ = settle(SERVICE.rules[type(heard)].do(heard, NOW, before))
    assert all(isinstance(effect, Notification) for effect in effects)
    return effects  # type: ignore[return-value]


def test_an_order_that_came_in_is_acknowledged() -> None:
    effects, _ = settle(receive(CREATED, NOW, None))
    assert effects == [
        Notification(
            derived(ORDER, "order_received"),
            ORDER,
            "cust-1",
            "order_received",
            ORDER,
            "inbox",
            "en",
            f"We have your order {ORDER}",
            f"Thank you! We have received your order {ORDER} for 39.98 EUR. We are reserving the goods "
            f"and taking the payment, "
            "and will tell you as soon as it is confirmed.",
            "SENT",
            2_000,
        )
    ]


@pytest.mark.parametrize("heard", EVERY, ids=lambda heard: type(heard).__name__)
def test_nothing_is_told_twice(heard: Heard) -> None:
    (first,) = told(heard)
    assert first.id == notice(heard)
    assert told(heard, first) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("out_of_stock", "not enough in stock"),
        ("payment_declined", "declined the payment"),
        ("payment_error", "technical problem"),
        ("expired", "in time"),
        ("who_knows", "could not be fulfilled"),
    ],
)
def test_every_failure_has_its_words(code: str, words: str) -> None:
    (effect,), _ = settle(fail(replace(FAILED, code=code), NOW, None))
    assert isinstance(effect, Notification)
    assert words in effect.body
    assert effect.template == "order_failed"


def test_what_is_short_is_named() -> None:
    assert "(you wanted 5, we have 1), TEA-2 (you wanted 2, we have 0). You" in told(FAILED)[0].body
    assert f"for your order {ORDER}. You" in told(replace(FAILED, shortages=()))[0].body


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", "cancelled. Should"), ("Too {late}.", "cancelled. The reason: Too {late}. Should")],
)
def test_a_cancellation_gives_the_reason_where_there_is_one(reason: str, words: str) -> None:
    (effect,), _ = settle(cancel(replace(CANCELLED, reason=reason), NOW, None))
    assert isinstance(effect, Notification)
    assert words in effect.body


def test_each_refund_of_an_order_is_told() -> None:
    part, whole = (
        told(REFUNDED)[0],
        told(replace(REFUNDED, refund_id="refund-2", whole=True, refunded=Money(3998, "EUR")))[0],
    )
    assert part.id != whole.id
    assert (part.about, whole.about) == ("refund-1", "refund-2")
    assert "5.00 EUR" in part.body
    assert "in full: 39.98 EUR" in whole.body
    assert settle(refund(REFUNDED, NOW, part)) == ([], None)


def test_confirmation_tells_the_total() -> None:
    assert "The total is 39.98 EUR" in told(CONFIRMED)[0].body
