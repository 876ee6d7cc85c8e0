"""Who may do what, for every operation and every kind of caller, against the running shop and real things."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.matrix import ASKS, CALLERS, EXPECTED, MINE, Asked, Things
from tests.support.http import Answer
from tests.support.shop import Shop
from tradewind.apis.v1.openapi import ALL

NOBODYS = "01920000-0000-7000-8000-0000000000ff"
UNLIKE = ("date", "x-request-id")


@pytest.fixture(scope="module")
def things(shop: Shop) -> Things:
    return Things.made(shop)


def ask(shop: Shop, asked: Asked, who: str) -> Answer:
    return shop.call(asked.method, asked.path, asked.body, who=who)


def facts(shop: Shop, things: Things) -> list[Any]:
    """All that a caller without the right could have changed."""
    paths = (
        f"/users/{things.user}",
        f"/products/{things.product}",
        f"/orders/{things.order}",
        f"/payments/{things.payment}",
    )
    return [
        shop.get(path, who="admin")
        for path in (*paths, f"/orders/{things.order}/refunds", "/users?limit=100", "/products?limit=100")
    ]


def test_every_operation_has_a_row() -> None:
    assert set(EXPECTED) == set(ASKS) == {operation.name for operation in ALL}


@pytest.mark.parametrize("who", CALLERS, ids=[who or "nobody" for who in CALLERS])
@pytest.mark.parametrize("name", [operation.name for operation in ALL])
def test_every_operation_for_every_caller(name: str, who: str, shop: Shop, things: Things) -> None:
    asked, expected = ASKS[name](shop, things), EXPECTED[name][CALLERS.index(who)]
    before = facts(shop, things) if expected in (401, 403, 404) and asked.method != "GET" else None
    answer = ask(shop, asked, who)
    assert answer.status == expected, answer
    if expected in (401, 403):
        assert answer.code == {401: "unauthorized", 403: "forbidden"}[expected]
        assert ("www-authenticate" in answer.headers) == (expected == 401)
    if before is not None:
        assert facts(shop, things) == before
    if name in MINE and who == "bob":
        assert [
            row
            for row in answer.json["data"]
            if row.get("customerId") == things.user or row.get("orderId") == things.order
        ] == []
        assert name == "orders.list" or answer.json["data"] == []


@pytest.mark.parametrize(
    "name", [name for name, expected in EXPECTED.items() if 404 in expected and expected[3] != 404]
)
def test_a_foreign_thing_looks_like_a_missing_one(name: str, shop: Shop, things: Things) -> None:
    asked = ASKS[name](shop, things)
    theirs = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", asked.path)[0]
    missing = asked._replace(path=asked.path.replace(theirs, NOBODYS))
    foreign, absent = ask(shop, asked, "bob"), ask(shop, missing, "bob")
    assert foreign.status == absent.status == 404
    assert foreign.body.replace(theirs.encode(), NOBODYS.encode()) == absent.body
    assert {k: v for k, v in foreign.headers.items() if k not in UNLIKE} == {
        k: v for k, v in absent.headers.items() if k not in UNLIKE
    }


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if 403 in expected])
def test_who_is_not_an_admin_learns_nothing(name: str, shop: Shop, things: Things) -> None:
    """Not whether the thing is there, and not whether the body would have been taken."""
    asked = ASKS[name](shop, things)
    there = ask(shop, asked, "bob")
    for other in (
        asked._replace(path=re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", NOBODYS, asked.path)),
        asked._replace(body={"nonsense": 1}),
    ):
        if other.method == "GET":
            other = other._replace(body=None)
        answer = ask(shop, other, "bob")
        assert (answer.status, answer.code) == (403, "forbidden")
        assert re.sub(rb'"instance":"[^"]*"', b"", answer.body) == re.sub(
            rb'"instance":"[^"]*"', b"", there.body
        )


def test_a_role_ends_though_the_token_says_otherwise(shop: Shop) -> None:
    """What counts is what users says now: at once in the process that has changed it."""
    eve = shop.get("/users/me", who="eve")["id"]
    for role, status in (("admin", 200), ("customer", 403)):
        assert shop.call("PATCH", f"/users/{eve}", {"role": role}, who="admin").status == 200
        assert shop.call("GET", "/ops/stats", who="eve").status == status


class Guest:
    """Somebody new with a session that has been used."""

    def __init__(self, shop: Shop, name: str) -> None:
        self._shop = shop
        person = {"email": f"{name}@example.com", "name": name, "password": "correct horse gone"}
        self.id = shop.post("/auth/register", person, who="")["id"]
        del person["name"]
        tokens = shop.post("/auth/login", person, who="", status=200)
        self.access, self.refresh = tokens["accessToken"], tokens["refreshToken"]
        assert self.status() == 200

    def status(self, token: str = "") -> int:
        return self._ask("GET", "/api/v1/users/me", None, token or self.access)

    def orders(self) -> int:
        basket = {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": "tok_ok"}}
        return self._ask("POST", "/api/v1/orders", basket, self.access)

    def _ask(self, method: str, path: str, body: Any, token: str) -> int:
        with self._shop.connect() as connection:
            return connection.call(method, path, body, token=token).status


def test_who_is_deleted_is_nobody(shop: Shop) -> None:
    guest = Guest(shop, "gone")
    assert shop.call("DELETE", f"/users/{guest.id}", who="admin").status == 204
    assert guest.orders() == guest.status() == 401
    assert shop.call("POST", "/auth/refresh", {"refreshToken": guest.refresh}, who="").status == 401


def test_a_session_ends_with_the_log_out(shop: Shop) -> None:
    guest = Guest(shop, "leaving")
    assert shop.call("POST", "/auth/logout", {"refreshToken": guest.refresh}, who="").status == 204
    assert guest.orders() == guest.status() == 401


def test_a_session_ends_when_an_old_refresh_token_is_used_again(shop: Shop) -> None:
    """It was stolen, so all access tokens of the session end with it, also those that were just made."""
    guest = Guest(shop, "robbed")
    again = shop.post("/auth/refresh", {"refreshToken": guest.refresh}, who="", status=200)
    assert guest.status(again["accessToken"]) == 200
    assert shop.call("POST", "/auth/refresh", {"refreshToken": guest.refresh}, who="").status == 401
    assert guest.orders() == guest.status() == guest.status(again["accessToken"]) == 401
