"""A row that cannot be read, whoever wrote it, harms the story it belongs to and no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.shop import Shop, until
from tests.support.shops import OpenShop

EVENT = (
    "SELECT coalesce(max(seq), 0) + 1, '0192f0c1-0000-7000-8000-000000000001', 'order.confirmed', "
    "'x', '{broken', 'c', 't', 1"
)


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("token", "harm"),
    [
        pytest.param("tok_ok", f"INSERT INTO {{orders.log}} {EVENT} FROM {{orders.log}}", id="event"),
        pytest.param("tok_slow", "UPDATE {payments.activities} SET body = '{broken'", id="activity"),
        pytest.param(
            "tok_slow",
            "UPDATE {payments.activities} SET name = 'payments.gone'",
            id="activity of an old version",
        ),
        pytest.param("tok_never", "UPDATE {orders.timers} SET body = '{broken', due_at = 1", id="timer"),
        pytest.param("tok_webhook", "UPDATE {inventory.reservations} SET items = '{broken'", id="aggregate"),
    ],
)
def test_a_row_that_cannot_be_read(new_shop: OpenShop, token: str, harm: str) -> None:
    shop = new_shop()
    until(lambda: harmed(shop, token, harm), "a row is there to be harmed")
    shop.start()
    letters = dead(shop)
    assert all([letter["reason"] for letter in letters])
    assert shop.wait_final(shop.order("tok_ok", ("LAST", 1), who="bob"))["status"] == "CONFIRMED"
    decide(shop, letters, "replay")
    assert len(dead(shop.restart())) == len(letters), "tried again it is as unreadable as before"
    decide(shop, letters, "discard")
    until(lambda: not shop.letters(), "given up")
    assert shop.wait_final(shop.order("tok_ok", ("LAST", 1), who="bob"))["status"] == "CONFIRMED"


def harmed(shop: Shop, token: str, harm: str) -> bool:
    """Leaves the shop at rest. False: the payment was faster than the kill, and its row is gone."""
    order = shop.start().order(token)
    until(lambda: shop.get(f"/payments?orderId={order}")["data"], "the payment is asked for")
    shop.kill9()
    if token == "tok_slow" and not shop.keeping.sql("SELECT 1 FROM {payments.activities}"):
        return False
    if token == "tok_webhook" and not shop.keeping.sql(
        "SELECT 1 FROM {inventory.reservations} WHERE status = 'HELD'"
    ):
        return False
    shop.keeping.sql(harm)
    return True


def dead(shop: Shop) -> list[Any]:
    return until(lambda: [letter for letter in shop.letters() if letter["status"] == "DEAD"], "a dead letter")


def decide(shop: Shop, letters: list[Any], what: str) -> None:
    for letter in letters:
        shop.post(f"/ops/dead-letters/{letter['id']}/{what}", None, who="admin", status=200)
