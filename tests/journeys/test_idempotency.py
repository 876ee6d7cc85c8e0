"""The same request twice is one request: over real HTTP, in every form a client may write it, through
restarts and crashes.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.idempotency_cases import CASES, FRESH, SAME, Ask, Case, filled
from tests.support import services_apart
from tests.support.apart import Apart
from tests.support.http import Answer
from tests.support.shop import Shop, basket, until
from tests.support.shops import OpenShop

AT_ONCE = 32
APART_NTH = 6  # a batch of a copy that has been ready before


def tell(shop: Shop, ask: Ask, names: dict[str, str]) -> Answer:
    headers = [(name, filled(text, names)) for name, text in ask.headers]
    path, body = filled(ask.path, names), filled(ask.body, names)
    return shop.call(ask.method, path, body, who=ask.who, headers=headers)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.says) for case in CASES])
def test_two_requests(shop: Shop, case: Case) -> None:
    names = {"key": f"key-{CASES.index(case)}", **case.given(shop)}
    first, second = tell(shop, case.first, names), tell(shop, case.second, names)
    assert ((first.status, first.code) if isinstance(case.gives, tuple) else first.status) == case.gives, (
        first
    )
    assert not first.replayed
    if case.then is SAME:
        assert (second.status, second.body) == (first.status, first.body), (first, second)
        assert second.headers.get("location") == first.headers.get("location")
        assert second.replayed
    elif case.then is FRESH:
        assert second.status in (200, 201), second
        assert second.body != first.body and not second.replayed
    else:
        assert (second.status, second.code) == case.then, second
        assert not second.replayed


def test_the_first_still_counts_after_another_body_was_refused(shop: Shop) -> None:
    first = shop.call("POST", "/orders", basket(), key="thrice")
    assert shop.call("POST", "/orders", basket("tok_declined"), key="thrice").code == "idempotency_key_reused"
    assert shop.call("POST", "/orders", basket(), key="thrice").body == first.body


def test_32_at_once_are_one_order(shop: Shop) -> None:
    before = orders_of(shop, "eve")
    connections = [shop.connect() for _ in range(AT_ONCE)]
    for connection in connections:
        connection.send("POST", "/api/v1/orders", basket(), token=shop.token("eve"), key="at-once")
    answers = [connection.receive() for connection in connections]
    for connection in connections:
        connection.close()
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum([not answer.replayed for answer in answers]) == 1
    assert len(orders_of(shop, "eve") - before) == 1


def orders_of(shop: Shop, who: str) -> set[str]:
    return {order["id"] for order in shop.get("/orders?limit=100", who=who)["data"]}


@pytest.mark.parametrize("text", ["", "a b", "m" * 256, "schlüssel"])
def test_reading_takes_no_notice_of_a_key(shop: Shop, text: str) -> None:
    answer = shop.call("GET", "/products", headers={"Idempotency-Key": text})
    assert answer.status == 200 and not answer.replayed


def test_a_refusal_is_kept_also_when_it_would_be_accepted_now(shop: Shop) -> None:
    unknown = basket("tok_ok", ("LATER", 1))
    first = shop.call("POST", "/orders", unknown, key="too-early")
    assert first.code == "unknown_product"
    shop.product("LATER")
    second = shop.call("POST", "/orders", unknown, key="too-early")
    assert second.body == first.body and second.replayed
    assert shop.call("POST", "/orders", unknown, key="now").status == 201


def test_the_first_bytes_come_also_when_the_order_has_gone_on(shop: Shop) -> None:
    first = shop.call("POST", "/orders", basket(), key="goes-on")
    order_id = first.json["id"]
    assert first.json["status"] == "PENDING"
    assert shop.wait_final(order_id)["status"] == "CONFIRMED"
    shop.post(f"/orders/{order_id}/cancel", {}, status=200)
    assert shop.call("POST", "/orders", basket(), key="goes-on").body == first.body


def test_twice_is_done_once(shop: Shop) -> None:
    """Not only answered alike: what lies in the shop has changed once."""
    product, order = shop.product("ONCE", stock=10), shop.order()
    shop.wait_final(order)
    asked: list[tuple[str, Any]] = [
        (f"/products/{product}/stock-adjustments", {"delta": 5, "reason": "delivery"}),
        (f"/orders/{order}/refunds", {"reason": "damaged", "amount": {"amount": 1_500, "currency": "EUR"}}),
    ]
    for path, body in asked:
        answers = [shop.call("POST", path, body, who="admin", key="once") for _ in range(3)]
        assert len({answer.body for answer in answers}) == 1
    assert shop.get(f"/products/{product}")["available"] == 15
    refunded = until(
        lambda: shop.get(f"/payments?orderId={order}")["data"][0]["refunded"]["amount"], "the money is back"
    )
    assert refunded == 1_500
    assert len(shop.get(f"/orders/{order}/refunds")["data"]) == 1


def test_the_refresh_token_of_a_replay_is_good(shop: Shop) -> None:
    tokens = shop.post(
        "/auth/login", {"email": "bob@example.com", "password": "battery staple bob"}, who="", status=200
    )
    for _ in range(2):
        renewed = shop.post(
            "/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="", status=200, key="renew"
        )
    shop.post("/auth/refresh", {"refreshToken": renewed["refreshToken"]}, who="", status=200)


def test_after_a_restart(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    first = {
        key: shop.call("POST", "/orders", basket(token), key=key)
        for key, token in (("a", "tok_ok"), ("b", "tok_declined"))
    }
    refused = shop.call("POST", "/orders", basket("tok_ok", ("NONE", 1)), key="c")
    assert shop.sigterm() == 0
    shop.start()
    again = {
        key: shop.call("POST", "/orders", basket(token), key=key)
        for key, token in (("a", "tok_ok"), ("b", "tok_declined"))
    }
    assert {key: answer.body for key, answer in again.items()} == {
        key: answer.body for key, answer in first.items()
    }
    assert shop.call("POST", "/orders", basket("tok_ok", ("NONE", 1)), key="c").body == refused.body
    assert len(orders_of(shop, "ada")) == 2


@pytest.mark.parametrize(("place", "kept"), [("batch.before-commit", 0), ("batch.after-commit", 1)])
def test_after_a_crash_between_commit_and_answer(
    new_shop: OpenShop, tmp_path: Path, place: str, kept: int
) -> None:
    """The client has heard nothing and asks again: there is one order, whether the crash came before its
    commit or after.
    """
    shop = new_shop()
    if shop.keeping.exchange:
        another_copy_answers(shop, tmp_path, f"{place}:{APART_NTH}:kill")
        return
    nth = next(nth for nth in range(1, 20) if heard_nothing(shop, f"{place}:{nth}:kill"))
    assert shop.died() == -signal.SIGKILL
    assert shop.keeping.sql("SELECT count(*) FROM {orders.orders}") == [(kept,)], nth
    shop.start()
    answer = shop.call("POST", "/orders", basket(), key="unheard")
    assert (answer.status, answer.replayed) == (201, bool(kept))
    assert orders_of(shop, "ada") == {answer.json["id"]}


def another_copy_answers(shop: Shop, tmp_path: Path, fail: str) -> None:
    """Apart, the request comes to another copy of the service, and its client does hear: of one order."""
    shop.start()
    settings = {f"TRADEWIND_{name.upper()}": text for name, text in shop.settings.items()}
    variables = {**settings, **services_apart.ANY_PORT, "ORDERS_COPIES": "3"}
    words = ("--copy", "3", "--set", f"fail={fail}")
    copy = Apart.serve(tmp_path / "copy", "orders", variables, *words, blueprint="services")
    heard: dict[str, Answer] = {}

    def died() -> bool:
        key = f"unheard-{len(heard)}"
        answer = shop.call("POST", "/orders", basket(), key=key)
        if answer.status != 503:
            heard[key] = answer
        return copy.process.poll() is not None

    try:
        until(died, "one of three copies of orders has died")
        assert copy.process.wait() == -signal.SIGKILL
    finally:
        copy.close()
    assert {answer.status for answer in heard.values()} == {201}
    for key, answer in heard.items():
        again = shop.call("POST", "/orders", basket(), key=key)
        assert (again.status, again.body, again.replayed) == (201, answer.body, True)
    assert shop.keeping.sql("SELECT count(*) FROM {orders.orders}") == [(len(heard),)]


def heard_nothing(shop: Shop, fail: str) -> bool:
    """Starts it. False: it died before it was up, so the place must be passed once more."""
    shop.start(fail=fail, ready=False)
    if not shop.alive:
        return False
    with shop.connect() as connection, pytest.raises(OSError):
        connection.call("POST", "/api/v1/orders", basket(), token=shop.token("ada"), key="unheard")
    return True
