"""Runs one schedule: a day of the shop with faults by the seed, then a time without, then the check of every
promise.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any

import msgspec

from ...contracts.policies import DEFAULT, Policies
from ...services.payments.provider.sandbox import Sandbox
from .bounds import narrowed
from .checks import audited, kept
from .clients import Clients
from .disk import Disk
from .ledger import Ledger, Violation
from .lives import Lives
from .network import Line, Postman
from .operator import Operator
from .shop import Build, Shop, build
from .trace import Trace
from .virtual import Stuck, VirtualLoop
from .weather import Weather

ORDERS = 20
QUIET_S = 7_200.0
SECRET = b"simulated"


class Result(msgspec.Struct, frozen=True):
    """`digest` is the same for the same seed and code. `counts`: how often what happened. `story`: of whom
    the first violation concerns.
    """

    seed: int
    orders: int
    violations: tuple[Violation, ...]
    digest: str
    counts: dict[str, int]
    seconds: float
    story: tuple[str, ...]


class Schedule:
    """One day. Nothing of it outlives it but the disk, which is emptied for the next."""

    def __init__(
        self,
        seed: int,
        orders: int,
        weather: Weather,
        disk: Disk,
        loop: VirtualLoop,
        make: Build,
        policies: Policies,
    ) -> None:
        self._loop, self._disk, self._policies = loop, disk, policies
        self.trace = Trace(loop.clock)
        self.ledger = Ledger(self.trace)
        self._weather = weather
        self._lives = Lives(lambda says: self.ledger.broken("no bug", "", says))
        loop.set_task_factory(self._lives)
        self._shop = Shop(loop, disk, self._weather, self.trace, self._lives, make, policies)
        self._postman = Postman(self._shop, self._weather, self.trace)
        self._sandbox = Sandbox(
            ":memory:",
            clock=self._now,
            random=random.Random(f"{seed}/provider"),
            secret=SECRET,
            deliver=self._postman,
            faults=self._weather.provider_faults,
            commit_inline=True,
        )
        self._shop.provider = Line(self._sandbox, self._weather, self.trace)
        self._operator = Operator(self._shop, self.trace)
        self._clients = Clients(seed, orders, self._shop, self.ledger, self._weather)

    def _now(self) -> int:
        return self._weather.start + int(self._loop.clock.now * 1_000)

    async def run(self) -> None:
        self._sandbox.start()
        background = [self._loop.create_task(work) for work in (self._shop.keep(), *self._troubles())]
        try:
            await self._clients.day()
            self.trace.note("calm")
            self._weather.calm = True
            await self._clients.repeat()
            await self._rest()
        finally:
            for task in background:
                task.cancel()
            await asyncio.wait(background)
            await self._lives.end(self._shop.life)
            self._disk.cut()
        if not self.ledger.violations:
            entries = await self._sandbox.entries()
            for violation in (
                *await audited(self._disk, entries, self._now() + self._shop.skew_ms, self._policies),
                *kept(self._disk, self.ledger),
            ):
                self.ledger.broken(violation.name, violation.about, violation.says)
        for parked in self._shop.parked:
            self.ledger.broken("no bug", "", parked)
        for status in self._disk.statuses():
            self.trace.count(f"order {status}")
        await self._sandbox.close()

    def _troubles(self) -> list[Coroutine[Any, Any, None]]:
        weather, shop, luck = self._weather, self._shop, self._weather.random

        async def crash() -> None:
            shop.crash("at any moment")

        async def jump() -> None:
            shop.jump(luck.choice((-60_000, -900, 900, 30_000, 300_000)))

        async def rumour() -> None:
            self._postman.rumour(self._clients.payment_of_late(luck))

        return [
            self._often(weather.crash_any_s, crash),
            self._often(weather.restart_s, shop.restart),
            self._often(weather.jumps_s, jump),
            self._often(weather.rumours_s, rumour),
        ]

    async def _often(self, mean_s: float, do: Callable[[], Awaitable[None]], most: int = 8) -> None:
        while mean_s and most and not self._weather.calm:
            most -= 1
            await asyncio.sleep(self._weather.soon_s(mean_s))
            if not self._weather.calm:
                await do()

    async def _rest(self) -> None:
        """Until nothing is left to do, also once all that was still on its way has arrived."""
        until, quiet = self._loop.time() + QUIET_S, 0
        while quiet < 2 and self._loop.time() < until and not self.ledger.violations:
            await asyncio.sleep(30.0)
            await self._operator.clear()
            quiet = quiet + 1 if self._shop.resting else 0


@contextmanager
def silence() -> Iterator[None]:
    """Silences the log of the shop."""
    log = logging.getLogger("tradewind")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


def _give_up(loop: VirtualLoop) -> None:
    loop.clock.turns = 0
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    with suppress(Stuck):
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def run(seed: int, orders: int, disk: Disk, make: Build = build, policies: Policies = DEFAULT) -> Result:
    """One schedule, start to end. The same seed, orders, policies and code: the same result."""
    begun = perf_counter()
    disk.wipe()
    loop = VirtualLoop()
    loop.set_exception_handler(lambda loop, context: None)
    weather = Weather(seed)
    schedule = Schedule(seed, orders, weather, disk, loop, make, policies)
    trace, ledger = schedule.trace, schedule.ledger
    try:
        with silence(), narrowed(weather):
            loop.run_until_complete(schedule.run())
    except Stuck as error:
        ledger.broken("nothing stuck", "", str(error))
        _give_up(loop)
    finally:
        loop.close()
    about = ledger.about(ledger.violations[0]) if ledger.violations else set()
    story = (*trace.story(about), *disk.timeline(about)) if ledger.violations else ()
    return Result(
        seed,
        orders,
        tuple(ledger.violations),
        trace.digest(disk.rows()),
        trace.counts,
        perf_counter() - begun,
        story,
    )
