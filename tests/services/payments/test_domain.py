"""Where an order's money is: every message in every state of a payment, with the calls that follow."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.services.payments.cases import (
    ASKED,
    BACK,
    CHARGED,
    CHECK,
    DECLINED,
    FAILED,
    ID,
    NOW,
    OPEN,
    ORDER,
    ORDER_CANCELLED,
    ORDER_FAILED,
    PAID,
    REPORTED,
    STATES,
    STOPPED,
    TOTAL,
    UNPAID,
    VOIDED,
    WAITING,
)
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.contracts.payments import PaymentCompleted, PaymentFailed, PaymentVoided
from tradewind.core.model import CancelTimer, Message, SetTimer, settle
from tradewind.services.payments.activities import Cashier
from tradewind.services.payments.domain import (
    Ask,
    Charge,
    CheckDue,
    GiveBack,
    Payment,
    Refund,
    Settled,
    Void,
    view,
)
from tradewind.services.payments.service import payments

SERVICE = payments(None)  # type: ignore[arg-type]


def effects(message: Message, payment: Payment | None) -> list[Any]:
    found, reply = settle(SERVICE.rules[type(message)].do(message, NOW, payment))
    assert reply is None
    return found


def now(payment: Payment, **changes: Any) -> Payment:
    return replace(payment, updated_at=NOW.at, **changes)


def back(payment: Payment, amount: int, reason: str) -> list[Any]:
    """All that starts when money goes back."""
    return [
        now(payment, refunding=payment.refunding + amount),
        Refund("fresh", ID, ORDER, amount, "EUR", reason, "PENDING", 5_000, 5_000),
        GiveBack("fresh", ID, amount),
    ]


def states(*but: str) -> list[Any]:
    return [pytest.param(payment, id=name) for name, payment in STATES.items() if name not in but]


def only(*names: str) -> list[Any]:
    return states(*(STATES.keys() - set(names)))


LOOKING = [0, 3]


def looked(checks: int) -> list[Any]:
    """Who knows the end need not ask again."""
    return [CancelTimer(CheckDue(ID))] if checks else []


# -- the charge
# -----------------------------------------------------------------------------------------------------------


def test_a_payment_is_kept_before_the_provider_is_asked() -> None:
    payment = replace(OPEN, created_at=5_000, updated_at=5_000)
    assert effects(ASKED, None) == [payment, Charge(ID, 1_999, "EUR", "tok_ok", 9_000)]


@pytest.mark.parametrize("payment", states())
def test_an_order_has_one_payment(payment: Payment) -> None:
    assert effects(ASKED, payment) == []


@pytest.mark.parametrize("payment", only(*UNPAID))
@pytest.mark.parametrize("looking", LOOKING)
def test_a_charge_counts_whenever_it_turns_up(payment: Payment, looking: int) -> None:
    payment = replace(payment, checks=looking)
    assert effects(CHARGED, payment) == [
        now(payment, status="COMPLETED", token="", charge_id="ch-1"),
        *looked(looking),
        PaymentCompleted(ORDER, ID, TOTAL, "ada"),
    ]


@pytest.mark.parametrize("payment", states(*UNPAID))
@pytest.mark.parametrize("heard", [CHARGED, DECLINED, WAITING, STOPPED], ids=lambda s: s.state)
def test_what_is_paid_is_settled(payment: Payment, heard: Settled) -> None:
    assert effects(heard, payment) == []


@pytest.mark.parametrize(("heard", "code"), [(DECLINED, "payment_declined"), (STOPPED, "payment_error")])
@pytest.mark.parametrize("looking", LOOKING)
def test_what_the_provider_will_not_take_has_failed(heard: Settled, code: Any, looking: int) -> None:
    payment = replace(OPEN, checks=looking)
    failed = [
        now(payment, status="FAILED", token=""),
        PaymentFailed(ORDER, ID, code, heard.code, "ada", TOTAL),
    ]
    assert effects(heard, payment) == [*looked(looking), *failed]
    for ended in (FAILED, VOIDED):
        assert effects(heard, replace(ended, checks=looking)) == looked(looking)


@pytest.mark.parametrize(
    ("checks", "wait"), [(0, 2_000), (1, 4_000), (4, 32_000), (5, 60_000), (5_000, 60_000)]
)
@pytest.mark.parametrize("payment", only("open", "voided"))
def test_what_is_not_decided_is_asked_about_at_growing_intervals(
    payment: Payment, checks: int, wait: int
) -> None:
    payment = replace(payment, checks=checks)
    assert effects(WAITING, payment) == [
        now(payment, checks=checks + 1),
        SetTimer(5_000 + wait, CheckDue(ID)),
    ]


def test_what_has_failed_is_not_waited_for() -> None:
    assert effects(WAITING, FAILED) == []


@pytest.mark.parametrize("message", [CHECK, REPORTED], ids=["deadline", "webhook"])
@pytest.mark.parametrize("payment", states())
def test_as_long_as_it_is_not_paid_the_provider_is_asked(message: Message, payment: Payment) -> None:
    assert effects(message, payment) == (
        [Ask(ID)] if payment.status in ("PENDING", "VOIDED", "FAILED") else []
    )


def test_a_report_of_a_payment_that_nobody_knows_is_no_news() -> None:
    assert effects(REPORTED, None) == []


# -- an order that ends
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard", [ORDER_FAILED, ORDER_CANCELLED])
def test_a_charge_on_its_way_is_stopped(heard: OrderFailed | OrderCancelled) -> None:
    assert effects(heard, OPEN) == [now(OPEN, status="VOIDED", token=""), PaymentVoided(ORDER, ID), Void(ID)]
    assert effects(heard, None) == []


@pytest.mark.parametrize("payment", states("open"))
def test_an_order_that_fails_leaves_money_to_orders(payment: Payment) -> None:
    """Whether late money is wanted is decided there."""
    assert effects(ORDER_FAILED, payment) == []


@pytest.mark.parametrize("payment", states("open"))
@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (ORDER_CANCELLED, "too late"),
        (replace(ORDER_CANCELLED, reason=""), "the order was cancelled"),
        (BACK, "late"),
    ],
)
def test_what_is_left_goes_back(heard: Message, reason: str, payment: Payment) -> None:
    paid = payment.status in ("COMPLETED", "PARTIALLY_REFUNDED")
    assert effects(heard, payment) == (back(payment, payment.left, reason) if paid and payment.left else [])


def test_nothing_goes_back_of_what_never_came() -> None:
    assert effects(BACK, OPEN) == []


# -- what is shown
# --------------------------------------------------------------------------------------------------------


def test_a_view_shows_no_token() -> None:
    shown = view(replace(PAID, refunded=500))
    assert (shown.id, shown.amount, shown.refunded.amount, shown.status) == (ID, TOTAL, 500, "COMPLETED")
    assert "tok_ok" not in repr(view(OPEN))


def test_every_activity_has_its_caller() -> None:
    assert {kind: performs.call.__name__ for kind, performs in SERVICE.performs.items()} == {
        Charge: Cashier.charge.__name__,
        Ask: Cashier.ask.__name__,
        Void: Cashier.void.__name__,
        GiveBack: Cashier.give_back.__name__,
    }
