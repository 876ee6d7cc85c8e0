"""Money goes back once and never more than came: what an admin may ask for, and what the provider says of
it.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.services.payments.cases import (
    DONE,
    GIVEN,
    ID,
    NOW,
    ORDER,
    PAID,
    PART,
    REFUND,
    STATES,
    UNDONE,
    UNPAID,
    WHOLE,
)
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.values import Money
from tradewind.core.model import Refused, settle
from tradewind.services.payments.domain import GiveBack, Payment, Refund, note_refund, refund, refund_view


def test_a_part_goes_back() -> None:
    effects, reply = settle(refund(REFUND, NOW, PAID))
    given = Refund("fresh", ID, ORDER, 500, "EUR", "damaged", "PENDING", 5_000, 5_000)
    assert effects == [replace(PAID, refunding=500, updated_at=5_000), given, GiveBack("fresh", ID, 500)]
    assert reply == refund_view(given)
    assert (reply.status, reply.amount, reply.order_id) == ("PENDING", Money(500, "EUR"), ORDER)


@pytest.mark.parametrize(
    ("payment", "left"), [(PAID, 1_999), (PART, 1_499), (replace(PART, refunding=99), 1_400)]
)
def test_without_an_amount_all_that_is_left_goes_back(payment: Payment, left: int) -> None:
    _, reply = settle(refund(replace(REFUND, amount=None), NOW, payment))
    assert reply.amount == Money(left, "EUR")
    settle(refund(replace(REFUND, amount=Money(left, "EUR")), NOW, payment))
    with pytest.raises(Refused, match="refund_exceeds_payment") as refused:
        settle(refund(replace(REFUND, amount=Money(left + 1, "EUR")), NOW, payment))
    assert (refused.value.status, refused.value.detail) == (409, {"left": Money(left, "EUR")})


@pytest.mark.parametrize("payment", [WHOLE, replace(PAID, refunding=1_999), replace(PART, refunding=1_499)])
@pytest.mark.parametrize("amount", [None, Money(1, "EUR"), Money(0, "EUR")])
def test_when_nothing_is_left_nothing_goes_back(payment: Payment, amount: Money | None) -> None:
    with pytest.raises(Refused, match="refund_exceeds_payment"):
        settle(refund(replace(REFUND, amount=amount), NOW, payment))


@pytest.mark.parametrize("state", UNPAID)
def test_what_never_came_cannot_go_back(state: str) -> None:
    with pytest.raises(Refused, match="illegal_transition") as refused:
        settle(refund(REFUND, NOW, STATES[state]))
    assert (refused.value.status, refused.value.detail) == (409, {"current": STATES[state].status})


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(500, "USD"), "currency_mismatch"),
        (Money(5_000, "USD"), "currency_mismatch"),
        (Money(0, "EUR"), "invalid_amount"),
    ],
)
def test_an_amount_must_make_sense(amount: Money, code: str) -> None:
    with pytest.raises(Refused, match=code) as refused:
        settle(refund(replace(REFUND, amount=amount), NOW, PAID))
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("payment", "after", "whole"),
    [
        (replace(PAID, refunding=500), replace(PAID, status="PARTIALLY_REFUNDED", refunded=500), False),
        (replace(PART, refunded=1_498, refunding=500), replace(PART, refunded=1_998), False),
        (
            replace(PAID, refunding=1_999),
            replace(PAID, status="PARTIALLY_REFUNDED", refunded=500, refunding=1_499),
            False,
        ),
        (
            replace(PART, refunded=1_499, refunding=500),
            replace(PART, status="REFUNDED", refunded=1_999),
            True,
        ),
    ],
)
def test_what_has_gone_back_is_counted_and_told(payment: Payment, after: Payment, whole: bool) -> None:
    after = replace(after, updated_at=5_000)
    assert settle(note_refund(DONE, NOW, payment, GIVEN)) == (
        [
            replace(GIVEN, status="SUCCEEDED", updated_at=5_000),
            after,
            PaymentRefunded(
                ORDER, "ada", ID, "r1", Money(500, "EUR"), Money(after.refunded, "EUR"), whole, "damaged"
            ),
        ],
        None,
    )


def test_what_could_not_go_back_is_there_again() -> None:
    payment = replace(PART, refunding=500)
    effects, _ = settle(note_refund(UNDONE, NOW, payment, GIVEN))
    assert effects == [replace(GIVEN, status="FAILED", updated_at=5_000), replace(PART, updated_at=5_000)]


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
@pytest.mark.parametrize("heard", [DONE, UNDONE], ids=["done", "undone"])
def test_the_end_of_a_refund_is_heard_of_once(status: str, heard: object) -> None:
    assert settle(note_refund(heard, NOW, replace(PAID, refunding=500), replace(GIVEN, status=status))) == (  # type: ignore[arg-type]
        [],
        None,
    )


def told(payment: Payment, wanted: int | None, done: bool) -> tuple[Payment, int]:
    """The payment after a refund was asked for and has ended so, and how much went back. Errors: Refused."""
    effects, reply = settle(
        refund(replace(REFUND, amount=None if wanted is None else Money(wanted, "EUR")), NOW, payment)
    )
    payment, given, _ = effects  # type: ignore[assignment]
    effects, _ = settle(note_refund(replace(DONE, done=done), NOW, payment, given))  # type: ignore[arg-type]
    assert isinstance(effects[1], Payment)
    return effects[1], reply.amount.amount if done else 0


@given(
    st.integers(1, 10**12),
    st.lists(st.tuples(st.integers(0, 10**12) | st.none(), st.booleans()), max_size=12),
)
def test_any_refunds_add_up(amount: int, asked: list[tuple[int | None, bool]]) -> None:
    payment, gone = replace(PAID, amount=amount), 0
    for wanted, done in asked:
        if payment.left == 0 or wanted == 0 or (wanted or 0) > payment.left:
            with pytest.raises(Refused):
                told(payment, wanted, done)
            continue
        payment, back = told(payment, wanted, done)
        gone += back
        assert (payment.refunded, payment.refunding, payment.left) == (gone, 0, amount - gone)
        assert payment.status == (
            "REFUNDED" if gone == amount else "PARTIALLY_REFUNDED" if gone else "COMPLETED"
        )
