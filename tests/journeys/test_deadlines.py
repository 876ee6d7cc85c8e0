"""An order waits for its money until its deadline and no longer; money that comes later goes back, and the
customer is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from tests.journeys.stories import shelf, story, story_with
from tests.support.shop import Shop, until
from tests.support.shops import OpenShop

PRICE = 1_999


@pytest.fixture
def hasty(new_shop: OpenShop) -> Iterator[Shop]:
    """A shop whose orders expire soon."""
    shop = new_shop(order_deadline_s="5").start()
    yield shop
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()


def test_no_money_before_the_deadline_then_late_money(hasty: Shop) -> None:
    product = hasty.product("WAIT", stock=1)
    expired, cancelled = hasty.order("tok_never", ("WAIT", 1)), hasty.order("tok_never", who="bob")
    pending = "SELECT count(*) FROM charges WHERE state = 'PENDING'"
    until(
        lambda: hasty.keeping.ledger(pending) == [(2,)], "both charges are under way, and cannot be stopped"
    )
    hasty.post(f"/orders/{cancelled}/cancel", {}, who="bob", status=200)
    order = hasty.wait_final(expired)
    assert (order["status"], order["failure"]["code"]) == ("FAILED", "expired")
    assert order["updatedAt"] >= order["expiresAt"]
    until(lambda: shelf(hasty, product) == (1, 0, 0, 1), "the stock is free again")
    for order_id, who, told in ((expired, "ada", "order_failed"), (cancelled, "bob", "order_cancelled")):
        until(partial(refunded, hasty, order_id), "the money is back")
        no_notes: list[int] = []
        ended = ("REFUNDED", "VOID", no_notes, ["order_received", told, "payment_refunded"])
        seen = story_with(
            hasty,
            order_id,
            ended,
            lambda seen: (seen.of_payment, seen.of_invoice, seen.credited, seen.told),
            who,
        )
        assert seen.charges == seen.refunds == [PRICE]
    assert hasty.get(f"/orders/{expired}")["status"] == "FAILED"
    assert hasty.get(f"/orders/{cancelled}", who="bob")["status"] == "CANCELLED"


def test_the_deadline_comes_also_while_the_shop_is_down(hasty: Shop) -> None:
    order_id = hasty.order("tok_slow")
    expires = hasty.get(f"/orders/{order_id}")["expiresAt"]
    hasty.kill9()
    until(lambda: now() > expires, "the deadline has passed")
    hasty.start()
    order = hasty.wait_final(order_id)
    seen = story(hasty, order_id)
    # which of the two came first is open: the money or the deadline; never both, never neither
    if order["status"] == "CONFIRMED":
        assert (seen.charges, seen.refunds) == ([PRICE], [])
    else:
        assert order["failure"]["code"] == "expired"
        until(lambda: (found := story(hasty, order_id)).charges == found.refunds, "no money is kept")


def refunded(shop: Shop, order_id: str) -> bool:
    return bool(shop.get(f"/orders/{order_id}", who="admin")["paymentStatus"] == "refunded")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
