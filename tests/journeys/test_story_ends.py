"""Every way in which an order can end, seen by its customer over HTTP, with the money counted in the
provider's own book.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stories import Story, shelf, story, story_with
from tests.support.shop import Shop, basket, until

PRICE = 1_999
CHARGED = ("CONFIRMED", "paid", None, "COMPLETED", "PAID", ["order_received", "order_confirmed"], 1)


def declined(reason: str) -> tuple[Any, ...]:
    failure = {"code": "payment_declined", "detail": {"reason": reason}}
    return ("FAILED", "none", failure, "FAILED", "VOID", ["order_received", "order_failed"], 0)


ENDS = {
    "tok_ok": CHARGED,
    "tok_declined": declined("card_declined"),
    "tok_insufficient_funds": declined("insufficient_funds"),
    "tok_error_then_ok": CHARGED,
    "tok_charged_no_answer": CHARGED,
    "tok_no_answer": CHARGED,
    "tok_slow": CHARGED,
    "tok_webhook": CHARGED,
    "tok_of_a_stranger": declined("unknown_token"),
}


@pytest.fixture(scope="module")
def placed(shop: Shop) -> dict[str, str]:
    """One order of each kind, on their way side by side."""
    return {token: shop.order(token) for token in ENDS}


def ending(seen: Story) -> tuple[Any, ...]:
    return (
        *seen.status,
        seen.order["failure"],
        seen.of_payment,
        seen.of_invoice,
        seen.told,
        len(seen.charges),
    )


@pytest.mark.parametrize("token", ENDS)
def test_every_token_comes_to_its_end(shop: Shop, placed: dict[str, str], token: str) -> None:
    shop.wait_final(placed[token])
    seen = story_with(shop, placed[token], ENDS[token], ending)
    assert seen.charges == [PRICE] * len(seen.charges) and not seen.refunds
    assert (seen.invoice["number"] is None) == (seen.order["status"] == "FAILED")


def test_the_timeline_tells_it_in_causal_order(shop: Shop, placed: dict[str, str]) -> None:
    shop.wait_final(placed["tok_charged_no_answer"])
    path = f"/orders/{placed['tok_charged_no_answer']}/timeline"
    until(lambda: shop.get(path)["data"][-1]["service"] == "invoices", "the invoice is issued")
    told = shop.get(path)["data"]
    assert [(entry["service"], entry["name"]) for entry in told] == [
        ("orders", "order.created"),
        ("inventory", "stock.reserved"),
        ("orders", "payment.requested"),
        ("payments", "payment.completed"),
        ("orders", "order.confirmed"),
        ("invoices", "invoice.issued"),
    ]
    ids = [entry["id"] for entry in told]
    for place, entry in enumerate(told[1:], 1):
        # a payment is caused by what the provider said, which is no event
        assert entry["cause"] in ids[:place] or entry["name"] == "payment.completed", entry
    assert [entry["at"] for entry in told] == sorted([entry["at"] for entry in told])
    assert "tok_" not in str(told)
    assert shop.call("GET", f"/orders/{placed['tok_ok']}/timeline", who="bob").status == 404


def test_more_than_there_is(shop: Shop) -> None:
    few, many = shop.product("FEW", stock=5), shop.product("MANY", stock=100)
    order = shop.wait_final(shop.order("tok_ok", ("FEW", 6), ("MANY", 7)))
    short = [{"productId": few, "sku": "FEW", "wanted": 6, "available": 5}]
    assert order["failure"] == {"code": "out_of_stock", "detail": {"shortages": short}}
    until(
        lambda: (shelf(shop, few), shelf(shop, many)) == ((5, 0, 0, 5), (100, 0, 0, 100)), "nothing is held"
    )
    seen = story_with(shop, order["id"], ["order_received", "order_failed"], lambda seen: seen.told)
    assert (seen.payment, seen.charges) == (None, [])


def test_two_lines_of_one_product_are_summed(shop: Shop) -> None:
    product = shop.product("PAIR", stock=5)
    order = shop.wait_final(shop.order("tok_ok", ("PAIR", 3), ("PAIR", 3)))
    assert order["failure"]["detail"]["shortages"] == [
        {"productId": product, "sku": "PAIR", "wanted": 6, "available": 5}
    ]
    order = shop.wait_final(shop.order("tok_ok", ("PAIR", 3), ("PAIR", 2)))
    assert (order["status"], order["total"]["amount"]) == ("CONFIRMED", 5 * PRICE)
    until(lambda: shelf(shop, product) == (5, 0, 5, 0), "the stock is committed")


def test_a_total_that_was_not_expected(shop: Shop) -> None:
    product = shop.product("TAG", price=500)
    asked = basket("tok_ok", ("TAG", 2))

    def expecting(amount: int, currency: str = "EUR") -> Any:
        return shop.call(
            "POST", "/orders", {**asked, "expectedTotal": {"amount": amount, "currency": currency}}
        )

    answer = expecting(999)
    assert (answer.status, answer.code, answer.json["total"]) == (
        409,
        "price_changed",
        {"amount": 1_000, "currency": "EUR"},
    )
    assert expecting(1_000, "USD").code == "price_changed"
    assert expecting(1_000).status == 201
    shop.call("PATCH", f"/products/{product}", {"price": {"amount": 600, "currency": "EUR"}}, who="admin")
    # apart, orders hears of the new price a moment later
    until(lambda: expecting(1_000).code == "price_changed", "the new price counts")
    assert expecting(1_200).status == 201


def test_cancelled_before_it_is_paid(shop: Shop) -> None:
    product = shop.product("EARLY", stock=3)

    def cancelled() -> Story | None:
        order_id = shop.order("tok_slow", ("EARLY", 2))
        until(lambda: any(shelf(shop, product)[1:3]), "the stock is held")
        answer = shop.post(f"/orders/{order_id}/cancel", {"reason": "too slow"}, status=200)
        assert (answer["status"], answer["failure"]) == ("CANCELLED", None)
        until(lambda: shelf(shop, product) == (3, 0, 0, 3), "the stock is free again")
        shop.settle()
        seen = story(shop, order_id)
        return None if seen.charges else seen  # a machine that is slower than the payment, 2 s: once more

    seen = until(cancelled, "it is cancelled before it is paid")
    assert (seen.status, seen.of_payment, seen.of_invoice) == (("CANCELLED", "none"), "VOIDED", "VOID")
    assert seen.told == ["order_received", "order_cancelled"]


def test_cancelled_after_it_was_paid(shop: Shop) -> None:
    product = shop.product("LATE", stock=3)
    order_id = shop.order("tok_ok", ("LATE", 2))
    shop.wait_final(order_id)
    until(lambda: shelf(shop, product) == (3, 0, 2, 1), "the stock is committed")
    shop.post(f"/orders/{order_id}/cancel", {"reason": "too late"}, status=200)
    told = ["order_received", "order_confirmed", "order_cancelled", "payment_refunded"]
    ended = (("CANCELLED", "refunded"), "REFUNDED", "PAID", [2 * PRICE], told)
    seen = story_with(
        shop,
        order_id,
        ended,
        lambda seen: (seen.status, seen.of_payment, seen.of_invoice, seen.credited, seen.told),
    )
    assert (seen.charges, seen.refunds) == ([2 * PRICE], [2 * PRICE])
    until(lambda: shelf(shop, product) == (3, 0, 0, 3), "the stock is free again")


def test_refunds_a_part_then_the_rest_and_no_more(shop: Shop) -> None:
    order_id = shop.order()
    shop.wait_final(order_id)

    def give(**amount: Any) -> Any:
        return shop.call("POST", f"/orders/{order_id}/refunds", {"reason": "damaged", **amount}, who="admin")

    def euros(amount: int) -> dict[str, Any]:
        return {"amount": {"amount": amount, "currency": "EUR"}}

    too_much = give(**euros(2_000))
    assert (too_much.status, too_much.code, too_much.json["left"]["amount"]) == (
        409,
        "refund_exceeds_payment",
        PRICE,
    )
    assert give(amount={"amount": 5, "currency": "USD"}).code == "currency_mismatch"
    assert give(**euros(0)).status == 422
    assert give(**euros(500)).json["amount"]["amount"] == 500
    until(
        lambda: shop.get(f"/orders/{order_id}")["paymentStatus"] == "partially_refunded", "the part is back"
    )
    assert give(**euros(1_500)).code == "refund_exceeds_payment"
    assert give().json["amount"]["amount"] == 1_499
    until(lambda: shop.get(f"/orders/{order_id}")["paymentStatus"] == "refunded", "the rest is back")
    assert give().code == "refund_exceeds_payment"
    seen = story_with(
        shop,
        order_id,
        ("REFUNDED", [500, 1_499], 2),
        lambda seen: (seen.of_payment, seen.credited, seen.told.count("payment_refunded")),
    )
    assert (seen.order["status"], seen.refunds) == ("CONFIRMED", [500, 1_499])
    assert {refund["status"] for refund in shop.get(f"/orders/{order_id}/refunds")["data"]} == {"SUCCEEDED"}


def test_what_has_ended_cannot_be_ended_again(shop: Shop, placed: dict[str, str]) -> None:
    for order, current in ((placed["tok_declined"], "FAILED"), (shop.order(), "CANCELLED")):
        shop.wait_final(order)
        if current == "CANCELLED":
            shop.post(f"/orders/{order}/cancel", {}, status=200)
        answer = shop.call("POST", f"/orders/{order}/cancel", {})
        assert (answer.status, answer.code, answer.json["current"]) == (409, "illegal_transition", current)
    answer = shop.call("POST", f"/orders/{placed['tok_declined']}/refunds", {"reason": "x"}, who="admin")
    assert (answer.status, answer.code, answer.json["current"]) == (409, "illegal_transition", "FAILED")


def test_stock_that_is_held_cannot_be_taken_away(shop: Shop) -> None:
    product = shop.product("HELD", stock=10)
    order_id = shop.order("tok_slow", ("HELD", 4))
    until(lambda: sum(shelf(shop, product)[1:3]) == 4, "the stock is held")

    def take(pieces: int) -> Any:
        return shop.call(
            "POST",
            f"/products/{product}/stock-adjustments",
            {"delta": -pieces, "reason": "lost"},
            who="admin",
        )

    answer = take(7)
    assert (answer.status, answer.code, answer.json["available"]) == (409, "insufficient_stock", 6)
    assert take(6).status == 201
    assert shop.wait_final(order_id)["status"] == "CONFIRMED"
    until(lambda: shelf(shop, product) == (4, 0, 4, 0), "the stock is committed")
