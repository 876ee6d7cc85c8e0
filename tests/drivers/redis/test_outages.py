"""Redis that is away costs speed: no call waits for it, none is refused for it, and what it says after its
return is neither old nor another one's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.drivers.clocks import Wall
from tests.drivers.rate_limiter.conftest import taken
from tests.drivers.redis.conftest import Copy, until
from tests.support.redis import RedisServer
from tradewind.core.rate_limiter import Limit
from tradewind.drivers.redis.link import LOST, RedisLink

pytestmark = pytest.mark.redis
NOW = Wall().now
BUSY_S = 1.8
"""What a busy machine may add to a bound of ours."""


async def test_two_copies_share_cache_and_limit(copy: Callable[..., Awaitable[Copy]]) -> None:
    one, other = await copy(10.0), await copy(10.0)
    await one.cache.put("shared", b"1", 300)
    assert await other.cache.get("shared") == b"1"
    await other.cache.forget("shared")
    assert await one.cache.get("shared") is None
    for window in (False, True):
        limit = Limit(10, window, key=f"rl:share:{window}:")
        limiters = [one.limiter(limit), other.limiter(limit)]
        waits = [await taken(limiters[number % 2], "a", NOW()) for number in range(11)]
        assert waits[:10] == [0] * 10
        assert waits[10] > 0


async def test_the_published_keys(copy: Callable[..., Awaitable[Copy]]) -> None:
    one = await copy(10.0)
    await one.cache.put("order:1", b"{}", 300)
    assert 290 <= await one.link.ask("TTL", "order:1") <= 300
    limiter = one.limiter(Limit(2, True, key="rl:"))
    for _ in range(5):
        await taken(limiter, "::ffff:192.0.2.1", NOW())
    assert await one.link.ask("GET", "rl:::ffff:192.0.2.1") == b"5"
    assert 50 <= await one.link.ask("TTL", "rl:::ffff:192.0.2.1") <= 60


@pytest.mark.parametrize("trouble", ["kill", "silence"])
async def test_nothing_waits_and_nothing_is_refused_while_redis_is_away(
    server: RedisServer, copy: Callable[..., Awaitable[Copy]], trouble: str
) -> None:
    one = await copy()
    limiter = one.limiter(Limit(10, True, key=f"rl:{trouble}:"))
    for _ in range(4):
        await taken(limiter, "a", NOW())
    await one.cache.put("old", b"1", 300)
    getattr(server, trouble)()
    try:
        slowest = 0.0
        for number in range(40):
            began = time.monotonic()
            assert await taken(limiter, f"b{number}", NOW()) == 0
            assert await one.cache.get("old") is None
            await one.cache.put("new", b"2", 300)
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 0.2 + BUSY_S
        assert not one.link.up
        # who has used four of ten has six left, and no more
        waits = [await taken(limiter, "a", NOW()) for _ in range(8)]
        assert waits[:6] == [0] * 6
        assert waits[6] > 0
        await one.cache.forget("old")
    finally:
        server.start() if trouble == "kill" else server.speak()
    await one.is_up()
    assert await one.cache.get("old") is None
    await one.cache.put("old", b"3", 300)
    assert await one.cache.get("old") == b"3"
    assert await taken(limiter, "c", NOW()) == 0
    assert await one.link.ask("GET", f"rl:{trouble}:c") == b"1"


async def test_what_was_forgotten_meanwhile_is_gone_for_others_too(
    server: RedisServer, copy: Callable[..., Awaitable[Copy]]
) -> None:
    one = await copy()
    await one.cache.put("stale", b"old", 300)
    server.silence()
    await until(lambda: not one.link.up)
    await one.cache.forget("stale")
    server.speak()
    await one.is_up()
    other = await copy(10.0)
    assert await other.cache.get("stale") is None


async def test_too_much_to_remember_makes_the_cache_blind(
    server: RedisServer, copy: Callable[..., Awaitable[Copy]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.drivers.redis.cache.MOST_UNSAID", 10)
    one = await copy()
    await one.cache.put("kept", b"old", 2)
    server.silence()
    await until(lambda: not one.link.up)
    for number in range(11):
        await one.cache.forget(f"gone{number}")
    server.speak()
    await one.is_up()
    assert await one.cache.get("kept") is None
    await asyncio.sleep(2.1)
    await one.cache.put("kept", b"new", 300)
    assert await one.cache.get("kept") == b"new"


async def test_a_caller_who_gives_up_leaves_his_answer_to_nobody(
    server: RedisServer, copy: Callable[..., Awaitable[Copy]]
) -> None:
    one = await copy(10.0)
    for number in range(20):
        await one.cache.put(f"mine{number}", b"%d" % number, 300)
    server.silence()
    asked = [asyncio.create_task(one.cache.get(f"mine{number}")) for number in range(20)]
    await asyncio.sleep(0.05)
    for task in asked[::2]:
        task.cancel()
    server.speak()
    assert [await task for task in asked[1::2]] == [b"%d" % number for number in range(1, 20, 2)]
    assert await one.cache.get("mine4") == b"4"


async def test_an_answer_that_comes_too_late_is_no_later_ones(
    server: RedisServer, copy: Callable[..., Awaitable[Copy]]
) -> None:
    one = await copy()
    for name in ("late", "next"):
        await one.cache.put(name, name.encode(), 300)
    server.silence()
    assert await one.cache.get("late") is None
    server.speak()
    await one.is_up()
    assert await one.cache.get("next") == b"next"


async def test_what_is_asked_together_goes_together(copy: Callable[..., Awaitable[Copy]]) -> None:
    one = await copy(10.0)
    before = await one.link.ask("INFO", "stats")
    answers = await asyncio.gather(*[one.link.ask("INCR", "together") for _ in range(2_000)])
    assert sorted(answers) == list(range(1, 2_001))
    assert LOST not in answers
    after = await one.link.ask("INFO", "stats")
    reads = after["total_reads_processed"] - before["total_reads_processed"]
    assert reads < 200


async def test_a_refused_command_is_lost_alone(copy: Callable[..., Awaitable[Copy]]) -> None:
    one = await copy(10.0)
    await one.link.ask("LPUSH", "list", "1")
    answers = await asyncio.gather(one.cache.get("list"), one.link.ask("PING"))
    assert answers[0] is None
    assert answers[1] is not LOST
    assert one.link.up


async def test_a_wrong_password_keeps_nobody_waiting(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    link = RedisLink(server.url.replace("redispass", "another"))
    await link.start(0.5)
    assert await link.ask("GET", "a") is LOST
    await until(lambda: bool(caplog.records))
    await link.stop()
    assert "another" not in caplog.text
    assert "password" in caplog.text or "WRONGPASS" in caplog.text


async def test_a_process_starts_while_redis_is_away(server: RedisServer) -> None:
    server.stop()
    link = RedisLink(server.url)
    try:
        began = time.monotonic()
        await link.start(0.2)
        assert time.monotonic() - began < 0.2 + BUSY_S
        assert await link.ask("GET", "a") is LOST
    finally:
        server.start()
    await until(lambda: link.up)
    await link.stop()
