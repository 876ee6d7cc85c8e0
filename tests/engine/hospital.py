"""The platform as the engine's tests drive it: one batch at a time, on a clock that a test moves, with a
store that fails when told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from tests.engine.hospital_messages import Told
from tests.engine.hospital_services import BEDS, DESK, WARD, Bed, Script, hospital
from tests.support.tables import create_all
from tradewind.core.clock import SystemClock
from tradewind.core.dead_letters import DeadLetter, ListDeadLetters
from tradewind.core.gateway import Refusal, Reply
from tradewind.core.model import Caller, Request
from tradewind.core.store import StoreUnavailable
from tradewind.drivers.sqlite.store import SqliteStore, SqliteTransaction
from tradewind.engine.platform import Platform
from tradewind.engine.service_runtime import ServiceRuntime

START = 1_800_000_000_000
DELAYS = (1_000, 5_000)
NURSE = Caller("nurse", "customer")
ADMIN = Caller("root", "admin")


class Clock(SystemClock):
    """A clock whose time stands still until a test moves it."""

    def __init__(self, at: int = START) -> None:
        self.at = at
        super().__init__(seed=7)

    def now(self) -> int:
        return self.at


class Store(SqliteStore):
    """Each number says how many of the next ones fail: a begin, a commit, or the news of a commit that was
    made.
    """

    def __init__(self) -> None:
        super().__init__(":memory:", commit_inline=True)
        self.begins_fail = self.commits_fail = self.commits_unknown = 0

    async def begin(self) -> SqliteTransaction:
        if self.begins_fail:
            self.begins_fail -= 1
            raise StoreUnavailable("somebody else has it")
        made = await super().begin()
        made.commit = partial(self._commit, made.commit)  # type: ignore[method-assign]
        return made

    async def _commit(self, commit: Callable[[], Awaitable[None]]) -> None:
        if self.commits_fail:
            self.commits_fail -= 1
            raise StoreUnavailable("the disk is full")
        await commit()
        if self.commits_unknown:
            self.commits_unknown -= 1
            raise StoreUnavailable("the answer to COMMIT was lost")


class Answered:
    """What became of a request; a second answer is an error."""

    def __init__(self) -> None:
        self.reply: Reply | None = None

    def __call__(self, reply: Reply) -> None:
        assert self.reply is None, "answered twice"
        self.reply = reply

    @property
    def told(self) -> Told:
        assert self.reply is not None and self.reply.status == 0, self.reply
        return msgspec.json.decode(self.reply.body, type=Told)

    @property
    def refused(self) -> tuple[int, str]:
        assert self.reply is not None and self.reply.status, self.reply
        return self.reply.status, self.refusal.code

    @property
    def refusal(self) -> Refusal:
        assert self.reply is not None
        return msgspec.json.decode(self.reply.body, type=Refusal)


class Hospital:
    """A platform, and again a platform on the same store after `restart`."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.script = store, Clock(), Script()
        self.retention_ms = 0
        self.open()

    def open(self) -> None:
        self.platform = Platform(
            self.store, hospital(self.script), self.clock, delays_ms=DELAYS, retention_ms=self.retention_ms
        )
        self.processor = self.platform.processor

    async def restart(self) -> None:
        """The process dies where it stands, and comes back."""
        await self.platform.runner.stop()
        self.open()

    def tell(
        self,
        message: Request,
        claim: str = "",
        fingerprint: str = "same",
        trace: str = "",
        caller: Caller = NURSE,
    ) -> Answered:
        answered = Answered()
        self.platform.submit(
            message, caller, answered, claim=claim, fingerprint=fingerprint if claim else "", trace=trace
        )
        return answered

    async def step(self) -> bool:
        done = await self.processor.step()
        await breathe()
        return done

    async def quiet(self, most: int = 500) -> None:
        """Until nothing is left that could be done at this hour."""
        await breathe()
        for _ in range(most):
            wait = self.processor.scheduler.wait_ms(self.clock.now())
            if (
                not self.processor.busy
                and not self.platform.runner.running
                and wait != 0
                and self.processor.sound
            ):
                return
            await self.step()
        raise AssertionError("it does not come to rest")

    async def say(self, *messages: Request) -> list[Answered]:
        """Tells them, and lets everything come of it."""
        answered = [self.tell(message) for message in messages]
        await self.quiet()
        return answered

    async def later(self, ms: int) -> None:
        self.clock.at += ms
        await self.quiet()

    # -- looking into it
    # ----------------------------------------------------------------------------------------------

    async def heard(self, patient: str) -> tuple[str, ...]:
        return (await self.store.get(BEDS, patient) or Bed(patient)).heard

    async def parked(self) -> list[DeadLetter]:
        """Oldest first."""
        return list(reversed((await self.platform.ask(ListDeadLetters(100))).data))

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return self.store.writer.execute(text).fetchall()

    def count(self, table: str) -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])

    def runtime(self, name: str) -> ServiceRuntime:
        return self.platform.runtimes[name]


async def breathe() -> None:
    """Lets everything run that can run without time."""
    for _ in range(20):
        await asyncio.sleep(0)


@contextmanager
def bounds(module: Any, **values: float) -> Iterator[None]:
    """Other bounds than those of production, so that a test meets them early."""
    before = {name: getattr(module, name) for name in values}
    vars(module).update(values)
    try:
        yield
    finally:
        vars(module).update(before)


def create(store: Store) -> None:
    create_all(store, DESK, WARD)
