"""Four hundred buyers want ten pieces at the same moment: ten get one, the others are told so, and nobody is
charged for nothing.
"""

from __future__ import annotations

import threading

from tests.journeys.stories import shelf
from tests.support.shop import FINAL, Shop, basket, until
from tests.support.shops import OpenShop
from tests.support.traffic import all_orders

BUYERS, PIECES = 400, 10
CUSTOMERS = ("ada", "bob", "eve")


def rush(shop: Shop, sku: str) -> list[str]:
    """Everybody at once, each on a connection of their own; the ids of the orders."""
    connections = [shop.connect(timeout=60) for _ in range(BUYERS)]
    for number, connection in enumerate(connections):
        connection.send(
            "POST",
            "/api/v1/orders",
            basket("tok_ok", (sku, 1)),
            token=shop.token(CUSTOMERS[number % 3]),
            key=f"rush-{number}",
        )
    answers = [connection.receive() for connection in connections]
    for connection in connections:
        connection.close()
    assert {answer.status for answer in answers} == {201}
    return [answer.json["id"] for answer in answers]


def test_ten_pieces_for_four_hundred(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    product = shop.product("FLASH", stock=PIECES)
    done = threading.Event()
    looks: list[tuple[int, int, int, int]] = []

    def look() -> None:
        with shop.connect() as connection:
            while not done.is_set():
                seen = connection.call("GET", f"/api/v1/products/{product}").json
                looks.append((seen["onHand"], seen["held"], seen["committed"], seen["available"]))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        placed = rush(shop, "FLASH")
        until(
            lambda: all(status in FINAL for status in all_orders(shop).values()), "every order is final", 30
        )
    finally:
        done.set()
        watcher.join()
    ends = all_orders(shop)
    assert set(ends) == set(placed) and len(placed) == BUYERS
    assert sorted(ends.values()) == ["CONFIRMED"] * PIECES + ["FAILED"] * (BUYERS - PIECES)
    assert shelf(shop, product) == (PIECES, 0, PIECES, 0)
    assert looks
    assert all(
        [
            on_hand == held + committed + available == PIECES and available >= 0
            for on_hand, held, committed, available in looks
        ]
    )
    failed = [order_id for order_id, status in ends.items() if status == "FAILED"]
    for order_id in failed[:: len(failed) // 20]:
        failure = shop.get(f"/orders/{order_id}", who="admin")["failure"]
        short = {"productId": product, "sku": "FLASH", "wanted": 1, "available": 0}
        assert failure == {"code": "out_of_stock", "detail": {"shortages": [short]}}
    assert shop.keeping.ledger("SELECT count(*) FROM takings") == [(PIECES,)]
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()
