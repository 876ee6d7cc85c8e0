"""Two processes of an API share its limit by Redis, each keeps one of its own while Redis is away, and they
share it again by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.http import Connection
from tests.support.keeping import Keeping
from tests.support.people import People
from tests.support.program import run_in
from tests.support.redis import RedisServer, own_redis
from tests.support.shop import Shop, until

RATE = 12


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with own_redis() as found:
        yield found


@pytest.fixture(scope="module")
def shops(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shop]]:
    made = [
        Shop(Keeping(tmp_path_factory.mktemp("shared") / "data"), People(), **settings)
        for settings in ({"redis_url": redis.url, "rate_limit": str(RATE)},) * 2
    ]
    try:
        for shop in made:
            shop.start()
        yield made
    finally:
        for shop in made:
            shop.close()


def statuses(shop: Shop, count: int) -> list[int]:
    """All come from one address."""
    with Connection(shop.port) as connection:
        return [connection.call("GET", "/api/v1/products").status for _ in range(count)]


def redis_up(shop: Shop, up: bool) -> bool:
    with Connection(shop.port) as connection:
        return (b"\ntradewind_redis_up 1" in connection.call("GET", "/metrics").body) is up


@pytest.mark.redis
def test_the_limit_is_shared_kept_alone_and_shared_again(redis: RedisServer, shops: list[Shop]) -> None:
    first, second = shops
    seen = statuses(first, 7) + statuses(second, RATE)
    assert seen[:RATE] == [200] * RATE
    assert seen.count(429) > 4  # one comes back every five seconds
    redis.kill()
    for shop in shops:
        until(partial(redis_up, shop, False), "the shop has seen that Redis is away")
        assert 429 in statuses(shop, 9)  # it goes on from what it was told last
    redis.start()
    for shop in shops:
        until(partial(redis_up, shop, True), "the limit is shared again")
    assert statuses(second, RATE)[0] == 200  # this Redis is empty
    assert 429 in statuses(first, 5)


@pytest.mark.redis
def test_readiness_does_not_depend_on_redis(redis: RedisServer, shops: list[Shop]) -> None:
    redis.stop()
    try:
        for shop in shops:
            with Connection(shop.port) as connection:
                assert connection.call("GET", "/health/ready").status == 200
    finally:
        redis.start()


def test_a_shop_without_the_library_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("raise ImportError")
    given = {"PYTHONPATH": str(tmp_path), "TRADEWIND_REDIS_URL": "redis://127.0.0.1:1"}
    ended = run_in(given, "up", "--data", str(tmp_path / "data"), "--port", "0")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "tradewind: TRADEWIND_REDIS_URL needs redis-py: pip install 'tradewind[redis]'"
    )
