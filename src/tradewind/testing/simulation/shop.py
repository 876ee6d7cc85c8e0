"""The shop as a process that is killed and started again: all it had in memory is gone, all it had committed
is there.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from ...contracts.policies import Policies
from ...core.clock import Clock
from ...core.failpoints import REGISTRY, Broken, disarm
from ...core.gateway import Reply
from ...core.model import Caller, Query, Request, Service
from ...core.store import Store
from ...engine.platform import Platform
from ...runtime.assembly import with_timeline
from ...runtime.config import defaults
from ...runtime.registry import SERVICES, services
from ...services.payments.provider.port import Provider
from .disk import Disk, WeatheredStore
from .lives import LIFE, OUTSIDE, Crash, Lives
from .stumbles import Left, Stumble, stumbling
from .trace import Trace
from .virtual import SeededClock, VirtualLoop
from .weather import MOST_CRASHES, Weather

Build = Callable[[Store, list[Service], Clock, int], Platform]
TOKEN = "tok_charged_no_answer"  # what pays where an order names nothing: the hardest that succeeds
PARKED = "parking.before-write"
PLACES = ("batch.", "activity.", "timers.", "parking.", "retention.")
BREAKABLE = (
    "batch.begun",
    "batch.claimed",
    "batch.handled",
    "batch.rows-written",
    "batch.log-written",
    "batch.before-commit",
    "timers.due",
    "activity.before-call",
    "activity.after-call",
    "retention.trimmed",
)


class Down(Exception):
    """The process is down."""


def build(store: Store, made: list[Service], clock: Clock, keep_ms: int) -> Platform:
    return with_timeline(Platform(store, made, clock, retention_ms=keep_ms))


class Shop:
    """`keep` runs it: one life after the other."""

    def __init__(
        self,
        loop: VirtualLoop,
        disk: Disk,
        weather: Weather,
        trace: Trace,
        lives: Lives,
        build: Build,
        policies: Policies,
    ) -> None:
        self._loop, self._disk, self._weather, self._trace, self._lives, self._build = (
            loop,
            disk,
            weather,
            trace,
            lives,
            build,
        )
        self._policies = policies
        self._settings = defaults(order_deadline_s=weather.deadline_ms / 1000, payment_token=TOKEN)
        self.parked: list[str] = []
        self.provider: Provider | None = None
        self.platform: Platform | None = None
        self.life = OUTSIDE
        self.skew_ms = 0
        self._stumbles: Left = {}
        self._crashes = 0
        self._fuse = -1
        self._fuse_at = ""
        self._ended = asyncio.Event()

    @property
    def resting(self) -> bool:
        """Up, and nothing is under way or set for later."""
        platform = self.platform
        if platform is None or not platform.ready:
            return False
        processor = platform.processor
        moving = processor.busy or platform.runner.running or processor.in_transaction
        return not moving and processor.scheduler.wait_ms(platform.clock.now()) is None

    async def keep(self) -> None:
        """For ever: lives until a crash, then again."""
        for name, point in REGISTRY.items():
            point.armed = partial(self._passed, name)
        try:
            while True:
                store = await self._live()
                await self._ended.wait()
                self._ended.clear()
                await self._lives.end(self.life)
                self._disk.cut()
                store.ended()
                await asyncio.sleep(self._weather.soon_s(0.5))
        finally:
            disarm()

    async def _live(self) -> WeatheredStore:
        assert self.provider is not None
        self.life += 1
        clock = SeededClock(
            self._loop.clock,
            self._weather.start,
            self._weather.random.getrandbits(64),
            self.skew_ms,
            self._policies.ids,
        )
        store = WeatheredStore(self._disk, self._weather, self._trace, partial(self._alive, self.life))
        made = stumbling(
            services(SERVICES, self._settings, {"provider": self.provider}, self._policies),
            self._weather,
            self._stumbles,
        )
        self._light()
        before = LIFE.set(self.life)
        try:
            self.platform = self._build(store, made, clock, self._weather.keep_ms)
            self._trace.note("start", says=f"life {self.life}")
            await self.platform.start()
        finally:
            LIFE.reset(before)
        return store

    def _light(self) -> None:
        """Draws where the next crash comes: at one of all places, also those that are seldom passed, and at
        which time of passing.
        """
        self._fuse, weather = -1, self._weather
        if weather.calm or not weather.crash_after or self._crashes >= MOST_CRASHES:
            return
        self._fuse_at = weather.random.choice([name for name in sorted(REGISTRY) if name.startswith(PLACES)])
        again = self._crashes > 0 and weather.random.random() < weather.crash_again
        often = self._fuse_at.startswith("batch.")
        self._fuse = 1 + int(weather.soon_s((2 if again else weather.crash_after) / (1 if often else 6)))

    def _passed(self, name: str) -> None:
        life = LIFE.get()
        if life == OUTSIDE:
            # the provider's own places: the shop only loses the answer
            if self._weather.strikes(self._weather.failpoint_errors):
                raise Broken(name)
            return
        self._alive(life)
        self._trace.count(f"passed {name}")
        if name == PARKED and not isinstance(error := sys.exception(), Stumble):
            self.parked.append(
                f"a message was parked, and no handler had stumbled: {error or 'the store refuses a row'!r}"
            )
        if self._fuse > 0 and self._fuse_at == name:
            self._fuse -= 1
            if self._fuse == 0 and not self._weather.calm:
                self._trace.count(f"crash at {name}")
                self.crash(f"at {name}")
                raise Crash
        if name in BREAKABLE and self._weather.strikes(self._weather.failpoint_errors):
            self._trace.note("store fails", says=f"at {name}")
            raise Broken(name)

    def _alive(self, life: int) -> None:
        if life != self.life or self.platform is None:
            raise Crash

    def crash(self, why: str) -> None:
        """Now. What is under way is lost; what is on its way through the network is not."""
        if self.platform is not None:
            self._crashes += 1
            self._trace.note("crash", says=why)
            self.platform = None
            self._ended.set()

    async def restart(self) -> None:
        """Stops as a deployment does: what is here is finished first."""
        if (platform := self.platform) is not None:
            self._trace.note("stop")
            before = LIFE.set(self.life)
            stopping = self._loop.create_task(platform.stop())
            LIFE.reset(before)
            await asyncio.wait([stopping])
            if self.platform is platform:
                self.platform = None
                self._ended.set()

    def jump(self, by_ms: int) -> None:
        """The clock of the machine is set."""
        self._trace.note("clock jumps", says=f"{by_ms} ms")
        self.skew_ms += by_ms
        if self.platform is not None and isinstance(self.platform.clock, SeededClock):
            self.platform.clock.skew_ms = self.skew_ms

    def submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], Any],
        *,
        claim: str = "",
        fingerprint: str = "",
    ) -> None:
        """Errors: Down."""
        platform, life = self.platform, self.life
        if platform is None or not platform.ready:
            raise Down

        def told(reply: Reply) -> None:
            if self.platform is platform:
                deliver(reply)

        before = LIFE.set(life)
        try:
            platform.submit(message, caller, told, claim=claim, fingerprint=fingerprint, trace=claim)
        finally:
            LIFE.reset(before)

    async def ask(self, query: Query, caller: Caller) -> Any:
        """Errors: Down; what `Gateway.ask` raises."""
        platform = self.platform
        if platform is None or not platform.ready:
            raise Down
        try:
            return await platform.ask(query, caller)
        except Crash:
            raise Down from None
