"""What becomes of an order: every message in every state, with all that follows from it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from tests.services.orders.cases import (
    ADMIN,
    CANCEL,
    DECLINED,
    DROPPED,
    DUE,
    EVENTS,
    FALLEN,
    NOW,
    OPEN,
    ORDER,
    PAID,
    PART,
    REJECTED,
    RESERVED,
    SHORT,
    SOLD,
    STATES,
    TOTAL,
    WHOLE,
)
from tradewind.contracts.orders import (
    Failure,
    OrderCancelled,
    OrderConfirmed,
    OrderFailed,
    PaymentRequested,
    RefundRequested,
)
from tradewind.contracts.policies import Policies
from tradewind.core.model import Caller, CancelTimer, Message, Refused, settle
from tradewind.services.orders import domain
from tradewind.services.orders.domain import Order, view
from tradewind.services.orders.service import orders
from tradewind.services.orders.storage import ORDERS

SERVICE = orders(1)
ENDED = [name for name, order in STATES.items() if order.status != "PENDING"]


def effects(message: Message, order: Order) -> list[Any]:
    found, reply = settle(SERVICE.rules[type(message)].do(message, NOW, order))
    assert reply is None
    return found


def later(order: Order, **changes: Any) -> Order:
    return replace(order, version=order.version + 1, updated_at=NOW.at, **changes)


def fallen(code: Any, detail: Any) -> list[Any]:
    return [
        later(OPEN, status="FAILED", failure=Failure(code, detail), token=""),
        OrderFailed(ORDER, "ada", code, SHORT if code == "out_of_stock" else ()),
        CancelTimer(DUE),
    ]


def test_stock_that_is_held_asks_for_the_money() -> None:
    assert effects(RESERVED, OPEN) == [PaymentRequested(ORDER, "ada", TOTAL, "tok_ok", 9_000)]


def test_money_that_has_come_confirms() -> None:
    assert effects(PAID, OPEN) == [
        later(OPEN, status="CONFIRMED", payment_status="paid", token=""),
        OrderConfirmed(ORDER, "ada", TOTAL),
        CancelTimer(DUE),
    ]


@pytest.mark.parametrize(
    ("message", "code", "detail"),
    [
        (REJECTED, "out_of_stock", {"shortages": SHORT}),
        (DECLINED, "payment_declined", {"reason": "no funds"}),
        (replace(DECLINED, code="payment_error"), "payment_error", {"reason": "no funds"}),
        (DUE, "expired", {"reason": "no payment before the deadline"}),
    ],
)
def test_what_fails_an_open_order(message: Message, code: str, detail: Any) -> None:
    assert effects(message, OPEN) == fallen(code, detail)


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("message", [RESERVED, REJECTED, DECLINED, DUE], ids=lambda m: type(m).__name__)
def test_an_order_that_has_ended_stays_as_it_is(message: Message, state: str) -> None:
    assert effects(message, STATES[state]) == []


@pytest.mark.parametrize("order", [FALLEN, DROPPED], ids=["fallen", "dropped"])
def test_late_money_is_noted_and_asked_back(order: Order) -> None:
    assert effects(PAID, order) == [
        later(order, payment_status="paid"),
        RefundRequested(ORDER, "ada", "the payment arrived after the order had ended"),
    ]


@pytest.mark.parametrize("state", [name for name, order in STATES.items() if order.payment_status != "none"])
def test_the_same_money_is_heard_of_once(state: str) -> None:
    assert effects(PAID, STATES[state]) == []


@pytest.mark.parametrize(("state", "message"), list(itertools.product(STATES, [PART, WHOLE])))
def test_what_was_given_back_is_noted_and_never_taken_back(state: str, message: Any) -> None:
    order = STATES[state]
    order_of = ["none", "paid", "partially_refunded", "refunded"]
    status = "refunded" if message.whole else "partially_refunded"
    expected = (
        [later(order, payment_status=status)]
        if order_of.index(order.payment_status) < order_of.index(status)
        else []
    )
    assert effects(message, order) == expected


@pytest.mark.parametrize("order", [OPEN, SOLD, STATES["sold, all of it given back"]])
@pytest.mark.parametrize("caller", [NOW.caller, ADMIN])
def test_owner_and_admin_may_cancel(order: Order, caller: Caller) -> None:
    gone = later(order, status="CANCELLED", token="")
    assert settle(domain.cancel(CANCEL, replace(NOW, caller=caller), order)) == (
        [gone, OrderCancelled(ORDER, "ada", "too late"), CancelTimer(DUE)],
        view(gone),
    )


@pytest.mark.parametrize("order", STATES.values(), ids=list(STATES))
def test_to_others_there_is_no_such_order(order: Order) -> None:
    for caller in (Caller("eve", "customer"), Caller()):
        with pytest.raises(Refused, match="not_found") as refused:
            settle(domain.cancel(CANCEL, replace(NOW, caller=caller), order))
        assert refused.value.status == 404


@pytest.mark.parametrize(
    "state", [name for name, order in STATES.items() if order.status in ("FAILED", "CANCELLED")]
)
def test_what_has_ended_cannot_be_cancelled(state: str) -> None:
    with pytest.raises(Refused, match="illegal_transition") as refused:
        settle(domain.cancel(CANCEL, NOW, STATES[state]))
    assert (refused.value.status, refused.value.detail) == (409, {"current": STATES[state].status})


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("message", EVENTS, ids=lambda m: type(m).__name__)
def test_every_event_is_decided_in_every_state(state: str, message: Message) -> None:
    """No event is refused, the token outlives no order, and to hear it again changes nothing where it has
    changed something.
    """
    order = STATES[state]
    found = [effect for effect in effects(message, order) if isinstance(effect, Order)]
    assert len(found) <= 1
    for changed in found:
        assert (changed.status == "PENDING") == (changed.token != "")
        assert (changed.version, changed.updated_at, changed.created_at) == (
            order.version + 1,
            NOW.at,
            order.created_at,
        )
        assert (changed.items, changed.total, changed.customer_id) == (
            order.items,
            order.total,
            order.customer_id,
        )
        assert effects(message, changed) == []


def test_a_view_shows_no_token() -> None:
    shown = view(OPEN)
    assert (shown.id, shown.status, shown.payment_status, shown.total, shown.failure) == (
        ORDER,
        "PENDING",
        "none",
        TOTAL,
        None,
    )
    assert (shown.expires_at, shown.created_at) == ("1970-01-01T00:00:09.000Z", "1970-01-01T00:00:01.000Z")
    assert "tok_ok" not in repr(shown)


@pytest.mark.parametrize("message", [PAID, DECLINED])
def test_where_orders_are_charged_at_once_the_payment_of_another_system_is_none_of_ours(
    message: Message,
) -> None:
    found = orders(900_000, policies=Policies(payment="on-order", pricing="client", products="any"))
    rule = found.rules[type(message)]
    assert rule.loads == (ORDERS.maybe,)
    assert settle(rule.do(message, NOW, None)) == ([], None)
    assert orders(900_000).rules[type(message)].loads != (ORDERS.maybe,)
