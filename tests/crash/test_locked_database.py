"""Somebody opens the shop's file with another program and keeps it locked: orders wait, nothing is lost, and
reading goes on.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.shop import Shop, basket, until
from tests.support.shops import OpenShop
from tests.support.traffic import Deed, Ledger, assert_kept

LOCKED_S = 3.0


@pytest.fixture
def kind() -> str:
    return "sqlite"


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    other = sqlite3.connect(shop.keeping.data / "tradewind.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_an_order_waits_for_the_lock(new_shop: OpenShop) -> None:
    shop, deed = new_shop().start(), Deed("/orders", basket(), "ada", "waits")
    with shop.connect() as connection:
        with locked(shop):
            deed.send(connection, shop.token("ada"))
            until(
                lambda: shop.call("GET", "/health/ready", who="").status == 503,
                "it says that it cannot write",
            )
        assert deed.hear(connection).status == 201
    until(lambda: shop.call("GET", "/health/ready", who="").status == 200, "it says that it can")
    assert_kept(shop, Ledger([deed]))


def test_reading_does_not_wait_for_it(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    with shop.connect() as connection, locked(shop):
        connection.send("POST", "/api/v1/orders", basket(), token=shop.token("ada"), key="waits")
        slowest, end = 0.0, time.monotonic() + LOCKED_S
        while time.monotonic() < end:
            began = time.monotonic()
            assert shop.call("GET", "/products").status == 200
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < LOCKED_S
