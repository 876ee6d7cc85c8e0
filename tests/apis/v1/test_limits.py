"""Every caller has the same share; who has used it up is told when to come back, and nobody else notices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apis.v1.fakes import CUSTOMER, OTHER, START, Shop
from tradewind.apis.kernel.rate_limits import dual_stack, network
from tradewind.core.rate_limiter import MINUTE, Buckets

PRODUCTS = "/api/v1/products"


def test_a_minutes_worth_at_once_then_a_wait() -> None:
    shop = Shop(rate_limit_per_minute=60)
    token = shop.token(CUSTOMER)
    assert [shop.ask("GET", PRODUCTS, token=token).status for _ in range(60)] == [200] * 60
    answer = shop.ask("GET", PRODUCTS, token=token)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "rate_limited", "1")
    assert shop.ask("GET", PRODUCTS, token=shop.token(OTHER)).status == 200
    assert shop.ask("GET", PRODUCTS).status == 200
    shop.clock.at += 1_000
    assert [shop.ask("GET", PRODUCTS, token=token).status for _ in range(2)] == [200, 429]


def test_the_anonymous_are_counted_by_address_also_with_false_tokens() -> None:
    shop = Shop(rate_limit_per_minute=2)
    me = "/api/v1/users/me"
    assert [shop.ask("GET", me, token="false").status for _ in range(3)] == [401, 401, 429]
    assert shop.ask("GET", PRODUCTS).status == 429
    assert shop.ask("GET", PRODUCTS, client="192.0.2.2").status == 200
    assert shop.ask("GET", me, token=shop.token(CUSTOMER)).status == 200


def test_no_limit() -> None:
    shop = Shop(rate_limit_per_minute=0)
    assert {shop.ask("GET", PRODUCTS).status for _ in range(2_000)} == {200}


def test_machines_that_look_after_us_are_not_counted() -> None:
    shop = Shop(rate_limit_per_minute=1)
    assert {shop.ask("GET", "/health/live").status for _ in range(10)} == {200}


@pytest.mark.parametrize(
    ("client", "stands_for"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
        ("2001:db8:1:2::9", "20010db800010002/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::x", "::x"),
        ("", ""),
    ],
)
def test_who_an_address_stands_for(client: str, stands_for: str) -> None:
    assert network(client) == stands_for


@given(st.integers(1, 1_000), st.lists(st.integers(0, 30_000), max_size=300))
def test_never_more_than_a_minutes_worth_and_the_refill(rate: int, pauses: list[int]) -> None:
    buckets, now, taken = Buckets(rate, 10), START, 0
    for pause in pauses:
        now += pause
        wait = buckets.at_once("a", now)
        taken += not wait
        assert taken <= rate + (now - START) * rate / MINUTE + 1
        if wait:
            assert buckets.left("a", now) == wait
            assert buckets.left("a", now + wait * 1_000) == 0


def test_the_number_of_buckets_is_bounded_and_a_used_one_is_kept_for_a_minute() -> None:
    buckets = Buckets(1, 100)
    assert (buckets.at_once("a", START), buckets.at_once("a", START)) == (0, 60)
    for number in range(10_000):
        buckets.at_once(f"b{number}", START + number)
        assert len(buckets.recent.young) + len(buckets.recent.old) <= 200
    quiet = Buckets(1, 100)
    quiet.at_once("a", START)
    assert [quiet.at_once("a", START + at) for at in (10_000, 59_999)] == [50, 1]
    assert quiet.at_once("a", START + 60_000) == 0


def test_what_goes_wrong_at_the_same_time_is_paid_for_later() -> None:
    buckets = Buckets(10, 100)
    for _ in range(25):
        buckets.charge("a", START)
    assert buckets.left("a", START) == 96


@pytest.mark.parametrize(
    ("client", "counted"),
    [("192.0.2.1", "::ffff:192.0.2.1"), ("::1", "::1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("", "")],
)
def test_how_a_server_in_node_tells_an_address(client: str, counted: str) -> None:
    assert dual_stack(client) == counted
