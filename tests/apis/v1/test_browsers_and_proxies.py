"""API v1 behind a proxy and called by pages: what the two settings change, and that without them nothing does."""

from __future__ import annotations

from typing import Any

from tests.apis.v1.fakes import BASKET, CUSTOMER, Shop

ORDERS, PRODUCTS = "/api/v1/orders", "/api/v1/products"
PAGE = "https://shop.example"
ASKS = {
    "origin": PAGE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,idempotency-key",
}


def test_without_the_setting_no_page_may_call() -> None:
    shop = Shop()
    answer = shop.ask("GET", PRODUCTS, headers={"origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control") or name == "vary"]
    assert shop.ask("OPTIONS", ORDERS, headers=ASKS).status == 405


def test_a_page_of_the_list_may_call_and_read() -> None:
    seen: list[Any] = []
    shop = Shop(cors_origins=(PAGE,), log=lambda *told: seen.append(told))
    asked = shop.ask("OPTIONS", ORDERS, headers=ASKS)
    assert (asked.status, asked.body, asked.headers["access-control-allow-origin"]) == (204, b"", PAGE)
    assert "POST" in asked.headers["access-control-allow-methods"].split(", ")
    allowed = asked.headers["access-control-allow-headers"].lower().split(", ")
    assert set(ASKS["access-control-request-headers"].split(",")) < set(allowed)
    assert seen[0][2:5] == ("OPTIONS", "", 204)
    for answer in (
        shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER), headers={"origin": PAGE}),
        shop.ask("GET", "/nowhere", headers={"origin": PAGE}),  # or the page could not read the error
        shop.ask("GET", "/health/ready", headers={"origin": PAGE}),
    ):
        assert answer.headers["access-control-allow-origin"] == PAGE
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "X-Request-Id", "Idempotent-Replayed", "Location", "Link"} < set(exposed)
    other = shop.ask("GET", PRODUCTS, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    assert other.headers["vary"] == "Origin"


def test_every_page_may_call() -> None:
    shop = Shop(cors_origins=("*",))
    assert shop.ask("GET", PRODUCTS).headers["access-control-allow-origin"] == "*"
    assert shop.ask("OPTIONS", ORDERS, headers=ASKS).status == 204


def test_callers_behind_a_trusted_proxy_have_each_their_own_limit_and_are_logged() -> None:
    seen: list[Any] = []
    shop = Shop(rate_limit_per_minute=1, trusted_proxies=("10.0.0.0/8",), log=lambda *told: seen.append(told))

    def status(peer: str, forwarded: str) -> int:
        return shop.ask("GET", PRODUCTS, headers={"x-forwarded-for": forwarded}, client=peer).status

    assert status("10.1.1.1", "198.51.100.1") == 200
    assert status("10.1.1.1", "198.51.100.2") == 200
    assert status("10.1.1.1", "1.1.1.1, 198.51.100.1") == 429
    assert status("203.0.113.9", "198.51.100.3") == 200
    assert status("203.0.113.9", "198.51.100.4") == 429
    assert [told[7] for told in seen] == [
        *("198.51.100.1", "198.51.100.2", "198.51.100.1", "203.0.113.9", "203.0.113.9")
    ]
