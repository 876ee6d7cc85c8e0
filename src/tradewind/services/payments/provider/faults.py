"""Makes a share of all calls fail in one of the ways of a real provider, so that a test finds code that
handles only success.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import NoReturn, TypeVar

from .port import NoAnswer, ProviderDown
from .rounds import Sleep

T = TypeVar("T")
SLOW_S = 0.2


class Fault(Enum):
    DOWN = auto()
    REQUEST_LOST = auto()
    ANSWER_LOST = auto()
    SLOW = auto()
    TWICE = auto()


WAYS = tuple(Fault)


class Faults:
    def __init__(self, share: float, *, random: random.Random, sleep: Sleep, timeout_s: float) -> None:
        if not 0 <= share <= 1:
            raise ValueError("the share of faults is 0..1")
        self._share, self._random, self._sleep, self._timeout_s = share, random, sleep, timeout_s

    async def around(self, call: Callable[[], Awaitable[T]]) -> T:
        fault = self._random.choice(WAYS) if self._share and self._random.random() < self._share else None
        match fault:
            case Fault.DOWN:
                raise ProviderDown("503")
            case Fault.REQUEST_LOST:
                await self.silence()
            case Fault.ANSWER_LOST:
                await call()
                await self.silence()
            case Fault.SLOW:
                await self._sleep(SLOW_S)
            case Fault.TWICE:
                await call()
        return await call()

    async def silence(self) -> NoReturn:
        """No answer before the caller's deadline."""
        await self._sleep(self._timeout_s)
        raise NoAnswer("no answer before the deadline")
