"""A row that cannot be read, whoever wrote it, harms the story it belongs to and no other."""

from __future__ import annotations

import pytest

from tests.support.shop import until
from tests.support.shops import OpenShop

STOPS = pytest.mark.xfail(reason="one row that cannot be read stops the processor, and every later start", strict=True)
LOST = pytest.mark.xfail(reason="an event that cannot be read is passed over, and kept nowhere", strict=True)
EVENT = "SELECT coalesce(max(seq), 0) + 1, '0192f0c1-0000-7000-8000-000000000001', 'order.confirmed', 'x', '{broken', 'c', 't', 1"


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.mark.slow
@pytest.mark.parametrize(("token", "harm"), [
    pytest.param("tok_ok", f"INSERT INTO {{orders.log}} {EVENT} FROM {{orders.log}}", id="event", marks=LOST),
    pytest.param("tok_slow", "UPDATE {payments.activities} SET body = '{broken'", id="activity", marks=STOPS),
    pytest.param("tok_slow", "UPDATE {payments.activities} SET name = 'payments.gone'", id="activity of an old version", marks=STOPS),
    pytest.param("tok_never", "UPDATE {orders.timers} SET body = '{broken', due_at = 1", id="timer", marks=STOPS),
    pytest.param("tok_webhook", "UPDATE {inventory.reservations} SET items = '{broken'", id="aggregate", marks=STOPS),
])  # fmt: skip
def test_a_row_that_cannot_be_read(new_shop: OpenShop, token: str, harm: str) -> None:
    shop = new_shop().start()
    order = shop.order(token)
    until(lambda: shop.get(f"/payments?orderId={order}")["data"], "the payment is asked for")
    shop.kill9()
    shop.keeping.sql(harm)
    shop.start(seconds=8)
    found = until(lambda: [letter for letter in shop.letters() if letter["status"] == "DEAD"], "a dead letter", 5)
    assert found[0]["reason"]
    assert shop.wait_final(shop.order("tok_ok", ("LAST", 1), who="bob"))["status"] == "CONFIRMED"
