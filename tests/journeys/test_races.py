"""Things that may happen once are asked for many times at the same moment: one of them wins, and the books
agree.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

from tests.journeys.stories import shelf, story
from tests.support.http import Answer
from tests.support.shop import Shop, basket, until

MANY = 24
Ask = tuple[str, Any, str]
EUROS_7 = {"reason": "damaged", "amount": {"amount": 700, "currency": "EUR"}}


def at_once(shop: Shop, asks: list[Ask], keys: str = "") -> list[Answer]:
    """Each on a connection of its own; nobody's answer is read before all have asked."""
    with ExitStack() as open_:
        connections = [open_.enter_context(shop.connect()) for _ in asks]
        for connection, (path, body, who) in zip(connections, asks, strict=True):
            token = shop.token(who) if who else ""
            connection.send("POST", f"/api/v1{path}", body, token=token, key=keys or None)
        return [connection.receive() for connection in connections]


def counted(answers: list[Answer]) -> dict[str, int]:
    return dict(Counter([answer.code or str(answer.status) for answer in answers]))


def confirmed(shop: Shop) -> str:
    order_id = shop.order()
    assert shop.wait_final(order_id)["status"] == "CONFIRMED"
    return order_id


def test_one_address(shop: Shop) -> None:
    person = {"email": "twin@example.com", "name": "Twin", "password": "battery staple twin"}
    assert counted(at_once(shop, [("/auth/register", person, "")] * 8)) == {"201": 1, "email_taken": 7}


def test_one_sku(shop: Shop) -> None:
    goods = {"sku": "TWIN", "name": "Twin", "price": {"amount": 5, "currency": "EUR"}, "stock": 1}
    assert counted(at_once(shop, [("/products", goods, "admin")] * MANY)) == {
        "201": 1,
        "sku_exists": MANY - 1,
    }


def test_one_cancellation(shop: Shop) -> None:
    order_id = confirmed(shop)
    assert counted(at_once(shop, [(f"/orders/{order_id}/cancel", {}, "ada")] * MANY)) == {
        "200": 1,
        "illegal_transition": MANY - 1,
    }
    until(lambda: story(shop, order_id).refunds == [1_999], "the money is back")


def test_no_more_money_back_than_was_paid(shop: Shop) -> None:
    order_id = confirmed(shop)
    answers = at_once(shop, [(f"/orders/{order_id}/refunds", EUROS_7, "admin")] * MANY)
    assert counted(answers) == {"201": 2, "refund_exceeds_payment": MANY - 2}
    until(lambda: story(shop, order_id).refunds == [700, 700], "the money is back")


def test_refunds_and_a_cancellation(shop: Shop) -> None:
    order_id = confirmed(shop)
    asks: list[Ask] = [(f"/orders/{order_id}/refunds", EUROS_7, "admin")] * 2
    at_once(shop, [asks[0], (f"/orders/{order_id}/cancel", {}, "ada"), asks[1]])
    until(lambda: sum(story(shop, order_id).refunds) == 1_999, "all of the money is back, and no more")
    assert shop.get(f"/orders/{order_id}")["status"] == "CANCELLED"


@pytest.mark.parametrize("token", ["tok_ok", "tok_charged_no_answer", "tok_error_then_ok", "tok_declined"])
def test_a_cancellation_and_a_payment(shop: Shop, token: str) -> None:
    placed = [shop.order(token) for _ in range(8)]
    answers = at_once(shop, [(f"/orders/{order_id}/cancel", {}, "ada") for order_id in placed])
    shop.settle()
    for order_id, answer in zip(placed, answers, strict=True):
        seen = story(shop, order_id)
        assert (seen.order["status"] == "CANCELLED") == (answer.status == 200)
        assert sum(seen.charges) - sum(seen.refunds) == (1_999 if seen.order["status"] == "CONFIRMED" else 0)
        assert len(seen.charges) <= 1


def test_orders_and_a_loss(shop: Shop) -> None:
    """The shelf never goes below what is promised, whichever comes first."""
    product = shop.product("SHELF", stock=MANY)
    asks: list[Ask] = [("/orders", basket("tok_ok", ("SHELF", 1)), "ada")] * MANY
    asks.insert(
        MANY // 2,
        (f"/products/{product}/stock-adjustments", {"delta": -MANY // 2, "reason": "lost"}, "admin"),
    )
    answers = at_once(shop, asks)
    placed = [answer.json["id"] for answer in answers if answer.status == 201 and "items" in answer.json]
    assert len(placed) == MANY
    ends = Counter([shop.wait_final(order_id)["status"] for order_id in placed])
    shop.settle()  # an order may be seen as confirmed before the shelf has heard of it
    on_hand, held, committed, available = shelf(shop, product)
    assert (on_hand, held) in ((MANY, 0), (MANY - MANY // 2, 0))
    assert committed == ends["CONFIRMED"] and available == on_hand - committed >= 0


def test_one_key_and_two_bodies(shop: Shop) -> None:
    bodies = [basket("tok_ok", ("TEA", 1 + number % 2)) for number in range(MANY)]
    answers = at_once(shop, [("/orders", body, "ada") for body in bodies], "two-bodies")
    assert counted(answers) == {"201": MANY // 2, "idempotency_key_reused": MANY // 2}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1


def test_one_refresh(shop: Shop) -> None:
    tokens = shop.post(
        "/auth/login", {"email": "bob@example.com", "password": "battery staple bob"}, who="", status=200
    )
    answers = at_once(shop, [("/auth/refresh", {"refreshToken": tokens["refreshToken"]}, "")] * 8)
    assert counted(answers) == {"200": 1, "invalid_token": 7}
    won = next(answer.json["refreshToken"] for answer in answers if answer.status == 200)
    assert shop.call("POST", "/auth/refresh", {"refreshToken": won}, who="").code == "invalid_token", (
        "used twice, the session is over"
    )
