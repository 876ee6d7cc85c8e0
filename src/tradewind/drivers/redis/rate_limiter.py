"""Counts the callers of an API in Redis, one count for all copies; each process counts by itself while Redis
is away, from what it has last been told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.rate_limiter import MINUTE, Counts, Limit
from .link import LOST, RedisLink

WINDOW = """
redis.call('SET', KEYS[1], 0, 'EX', ARGV[1], 'NX')
local count = redis.call('INCR', KEYS[1])
return {count, redis.call('PTTL', KEYS[1])}
"""
# a bucket is one number: when it would be full again, in microseconds of the server's clock
BUCKET = """
local time = redis.call('TIME')
local now, pause = time[1] * 1000000 + time[2], tonumber(ARGV[1])
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
local after = math.max(full, now) + pause
if after - now > 60000000 then
  return {0, math.floor((full - now) / 1000)}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, math.floor((after - now) / 1000)}
"""


class SharedLimiter:
    """`own` are the counts of this process."""

    def __init__(self, link: RedisLink, limit: Limit, own: Counts) -> None:
        self._link, self._key, self._own = link, limit.key, own
        argument = MINUTE // 1_000 if limit.window else MINUTE * 1_000 / max(1, limit.rate)
        self._command = ("EVAL", WINDOW if limit.window else BUCKET, 1)
        self._argument = str(argument)

    @property
    def limits(self) -> bool:
        return self._own.limits

    def at_once(self, who: str, now: int) -> int | None:
        return None if self._link.up and self._own.limits else self._own.at_once(who, now)

    def ask(self, who: str, now: int, then: Callable[[int], None]) -> None:
        own = self._own

        def answered(answer: Any) -> None:
            then(own.at_once(who, now) if answer is LOST else own.told(who, now, *answer))

        self._link.send((*self._command, self._key + who, self._argument), answered)
