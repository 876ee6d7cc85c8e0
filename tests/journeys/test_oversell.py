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
    """Everybody at once, each on a connection of their own; the ids of the orders. Who is told to come again
    does so, under the same key.
    """
    connections = [shop.connect() for _ in range(BUYERS)]
    waiting = set(range(BUYERS))
    placed: dict[int, str] = {}

    def all_placed() -> bool:
        for number in waiting:
            who = CUSTOMERS[number % 3]
            connections[number].send(
                "POST",
                "/api/v1/orders",
                basket("tok_ok", (sku, 1)),
                token=shop.token(who),
                key=f"rush-{number}",
            )
        for number in tuple(waiting):
            answer = connections[number].receive()
            assert answer.status in (201, 503), answer
            if answer.status == 201:
                placed[number] = answer.json["id"]
                waiting.remove(number)
        return not waiting

    until(all_placed, "everybody has an order")
    for connection in connections:
        connection.close()
    return list(placed.values())


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
        until(lambda: all(status in FINAL for status in all_orders(shop).values()), "every order is final")
    finally:
        done.set()
        watcher.join()
    ends = all_orders(shop)
    assert set(ends) == set(placed) and len(placed) == BUYERS
    assert sorted(ends.values()) == ["CONFIRMED"] * PIECES + ["FAILED"] * (BUYERS - PIECES)
    # apart, inventory takes the stock out a moment after the order is confirmed
    until(lambda: shelf(shop, product) == (PIECES, 0, PIECES, 0), "the stock is committed")
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
