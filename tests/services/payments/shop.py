"""What the sandbox tests share: a clock that only moves when somebody sleeps or a test says so, and short
ways to ask.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from pathlib import Path
from typing import Any

from tradewind.services.payments.provider.port import Answer, Charge, NoAnswer, Provider, ProviderDown, State
from tradewind.services.payments.provider.sandbox import Sandbox

START = 1_800_000_000_000
DEADLINE = START + 900_000


class FakeTime:
    """`sleep` moves the clock at once; after `hold()` a sleeper waits until a test lets time `pass_by`."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.slept: list[float] = []
        self.asleep = asyncio.Event()
        self._held = False
        self._sleepers: list[tuple[int, int, asyncio.Event]] = []

    def clock(self) -> int:
        return self.now

    def hold(self) -> None:
        self._held = True

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asleep.set()
        if self._held:
            wake = asyncio.Event()
            heapq.heappush(self._sleepers, (self.now + round(seconds * 1_000), len(self.slept), wake))
            await wake.wait()
        else:
            self.now += round(seconds * 1_000)
            await asyncio.sleep(0)

    async def pass_by(self, seconds: float) -> None:
        end = self.now + round(seconds * 1_000)
        await quiet()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, wake = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            wake.set()
            await quiet()
        self.now = end
        await quiet()


async def quiet() -> None:
    """Lets everything run that can run without time; commits must be inline."""
    for _ in range(50):
        await asyncio.sleep(0)


def sandbox(path: Path | str, time: FakeTime, **settings: Any) -> Sandbox:
    ours: dict[str, Any] = {
        "clock": time.clock,
        "sleep": time.sleep,
        "random": random.Random(7),
        "secret": b"a secret of the sandbox",
    }
    return Sandbox(path, **{**ours, **settings})


def order(token: str, key: str = "pay-1", amount: int = 1_999, currency: str = "EUR") -> Charge:
    return Charge(key, amount, currency, token, DEADLINE)


async def persist(provider: Provider, what: Charge, most: int = 20) -> Answer:
    """What a careful shop does: the definite error is tried again, the ambiguous one is asked about first."""
    for _ in range(most):
        try:
            found = await provider.find(what.key)
            return found if found.state != State.UNKNOWN else await provider.charge(what)
        except (NoAnswer, ProviderDown):
            continue
    raise AssertionError("the provider never answered")
