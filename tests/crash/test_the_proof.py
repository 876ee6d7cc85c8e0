"""Sees the proof of the other suites fail: a shop that has lost or doubled something must not pass for one
that has kept it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.http import Answer
from tests.support.keeping import Keeping
from tests.support.shop import basket
from tests.support.shops import OpenShop
from tests.support.traffic import Deed, Ledger, assert_kept

# by hand, what a crash must never do
HARM: dict[str, Callable[[Keeping, str], object]] = {
    "an order that is gone": lambda keeping, order: keeping.sql(
        f"DELETE FROM {{orders.orders}} WHERE id = '{order}'"
    ),
    "a key that was forgotten": lambda keeping, order: keeping.sql("DELETE FROM {orders.inbox}"),
    "an answer that has changed": lambda keeping, order: keeping.sql(
        "UPDATE {orders.inbox} SET reply = replace(reply, '1999', '1998')"
    ),
    "a payment that came back to life": lambda keeping, order: keeping.sql(
        "UPDATE {payments.payments} SET status = 'PENDING'"
    ),
    "a piece that nobody sold": lambda keeping, order: keeping.sql(
        "UPDATE {inventory.products} SET committed = 2 WHERE sku = 'TEA'"
    ),
    "stock that is held for ever": lambda keeping, order: keeping.sql(
        "UPDATE {inventory.reservations} SET status = 'HELD'"
    ),
    "an event that nobody read": lambda keeping, order: keeping.sql("DELETE FROM {invoices.invoices}"),
}


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.mark.parametrize("harm", HARM)
def test_what_is_lost_is_missed(new_shop: OpenShop, harm: str) -> None:
    shop = new_shop().start()
    deed = Deed("/orders", basket(), "ada", "kept")
    with shop.connect() as connection:
        answer: Answer = deed.tell(connection, shop.token("ada"))
    order = str(answer.json["id"])
    shop.wait_final(order)
    assert_kept(shop, Ledger([deed]))
    HARM[harm](shop.keeping, order)
    shop.start()
    with pytest.raises(AssertionError):
        assert_kept(shop, Ledger([deed]))


def test_an_order_that_nobody_was_told_of_is_seen(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    shop.wait_final(shop.order())
    with pytest.raises(AssertionError, match="nobody was told of"):
        assert_kept(shop, Ledger())
