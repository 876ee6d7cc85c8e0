"""A product is taken out of the catalogue: no new order has it, old ones keep it, and it may come back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from tests.support.shop import Shop, basket, until


def change(shop: Shop, product: str, status: str) -> Any:
    answer = shop.call("PATCH", f"/products/{product}", {"status": status}, who="admin")
    assert answer.status == 200, answer
    return answer.json


def order(shop: Shop, sku: str) -> str:
    answer = shop.call("POST", "/orders", basket("tok_ok", (sku, 1)))
    return answer.code or str(answer.status)


def listed(shop: Shop, who: str, query: str = "") -> list[str]:
    return [row["sku"] for row in shop.get(f"/products?limit=100{query}", who=who)["data"]]


def test_it_is_no_longer_sold_and_old_orders_keep_it(shop: Shop) -> None:
    product = shop.product("OLD")
    before = shop.order("tok_ok", ("OLD", 1))
    assert change(shop, product, "WITHDRAWN")["status"] == "WITHDRAWN"
    # the services have a copy each: apart, orders hears of it a moment later
    until(lambda: order(shop, "OLD") == "product_withdrawn", "it cannot be ordered")
    assert shop.wait_final(before)["status"] == "CONFIRMED"
    assert shop.get(f"/orders/{before}")["items"][0]["sku"] == "OLD"
    assert shop.call("POST", f"/orders/{before}/refunds", {"reason": "broken"}, who="admin").status == 201
    for who in ("", "ada", "admin"):
        assert "OLD" not in listed(shop, who)
        assert shop.get(f"/products/{product}", who=who)["status"] == "WITHDRAWN"
    assert "OLD" in listed(shop, "admin", "&status=WITHDRAWN")
    for who in ("", "ada"):
        assert shop.call("GET", "/products?status=WITHDRAWN", who=who).code == "forbidden"
    assert shop.call("GET", "/products?status=GONE", who="admin").status == 422
    assert change(shop, product, "ACTIVE")["status"] == "ACTIVE"
    # what is told to be withdrawn is asked about once more, so that this counts at once
    assert order(shop, "OLD") == "201"
    assert "OLD" in listed(shop, "ada")


def test_who_orders_while_it_is_withdrawn_is_served_or_refused(shop: Shop) -> None:
    """Never both, and the books agree: see the end of the shop."""
    product = shop.product("GOING", stock=50)
    with ExitStack() as open_:
        connections = [open_.enter_context(shop.connect()) for _ in range(24)]
        admin = open_.enter_context(shop.connect())
        for number, connection in enumerate(connections):
            if number == 12:
                admin.send(
                    "PATCH", f"/api/v1/products/{product}", {"status": "WITHDRAWN"}, token=shop.token("admin")
                )
            connection.send("POST", "/api/v1/orders", basket("tok_ok", ("GOING", 1)), token=shop.token("ada"))
        answers = [connection.receive() for connection in connections]
        assert admin.receive().status == 200
    taken = [answer.json["id"] for answer in answers if answer.status == 201]
    assert {answer.code for answer in answers if answer.status != 201} <= {"product_withdrawn"}
    assert {shop.wait_final(one)["status"] for one in taken} <= {"CONFIRMED"}
    wanted = {"committed": len(taken), "held": 0}
    # the stock of an order is taken out a moment after the order is confirmed
    until(lambda: wanted.items() <= shop.get(f"/products/{product}", who="").items(), "all is taken out")
