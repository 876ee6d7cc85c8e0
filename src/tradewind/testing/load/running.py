"""Runs a profile: starts and stops users as it says, and ends in time whatever the target does."""

from __future__ import annotations

import asyncio
import random
from typing import NamedTuple

from ...runtime.local import NotReachable
from .. import stoppable
from ..http import LOST, Http, reason
from ..progress import Progress
from .metrics import Metrics
from .profiles import Profile
from .user import User

LOOK_S, REACH_S, GRACE_S = 0.1, 5.0, 10.0
PAUSE_S = 1.4  # on average: the published figures are 128 iterations of this profile's user seconds
SPREAD = 0.3
AFTER_FAILURE_S = (
    0.2  # at least: a target that refuses everything at once must not become a loop without a pause
)


class LoadOptions(NamedTuple):
    """What the command line said; `profile` is scaled already. `pause_s` lies between two walks of a user."""

    profile: Profile
    url: str
    pause_s: float = PAUSE_S


class Load:
    """`metrics` are true at any moment; `stopped` is the number of the signal that ended it early."""

    def __init__(self, asked: LoadOptions, progress: Progress, chance: random.Random) -> None:
        self._asked, self._progress, self._chance = asked, progress, chance
        self._users: dict[asyncio.Task[None], asyncio.Event] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self.metrics = Metrics()
        self.stopped = 0

    def run(self) -> Metrics:
        """Errors: NotReachable, before any user has come."""
        self.stopped = stoppable.run(self._run())
        return self.metrics

    async def _run(self) -> None:
        await reach(self._asked.url)
        clock, profile = asyncio.get_running_loop().time, self._asked.profile
        begun = clock()
        try:
            while (now := clock() - begun) < profile.seconds:
                self.metrics.seconds = now
                self._be(profile.users_at(now))
                self._show()
                await asyncio.sleep(min(LOOK_S, profile.seconds - now))
            self._be(0)
            if self._leaving:
                await asyncio.wait(self._leaving, timeout=GRACE_S)
        finally:
            self.metrics.seconds = clock() - begun
            await self._send_home()
            self._show()

    def _show(self) -> None:
        profile, metrics = self._asked.profile, self.metrics
        done = min(metrics.seconds, profile.seconds)
        self._progress.show(profile.name, done, profile.seconds, f" s  {metrics.line()}")

    def _be(self, wanted: int) -> None:
        """Starts users, or stops the youngest after their present walk."""
        while len(self._users) < wanted:
            leave = asyncio.Event()
            task = asyncio.create_task(self._walk(leave))
            self._users[task] = leave
        while len(self._users) > wanted:
            task, leave = self._users.popitem()
            leave.set()
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        self.metrics.users = len(self._users)
        self.metrics.most_users = max(self.metrics.most_users, self.metrics.users)

    async def _walk(self, leave: asyncio.Event) -> None:
        user = User(self._asked.url, self.metrics, self._chance)
        try:
            while not leave.is_set():
                fine = await user.iteration()
                pause = self._asked.pause_s * self._chance.uniform(1 - SPREAD, 1 + SPREAD)
                try:
                    async with asyncio.timeout(pause if fine else max(pause, AFTER_FAILURE_S)):
                        await leave.wait()
                except TimeoutError:
                    continue
        finally:
            await user.close()

    async def _send_home(self) -> None:
        """Cancels users that are still under way; their last request is not counted."""
        rest = [*self._users, *self._leaving]
        for task in rest:
            task.cancel()
        for found in await asyncio.gather(*rest, return_exceptions=True):
            if isinstance(found, Exception):
                raise found
        self.metrics.users = 0


async def reach(url: str) -> None:
    """Errors: NotReachable, with the reason and the way out, in seconds."""
    http = Http(url)
    try:
        answer = await http.ask("GET", "/health", seconds=REACH_S)
    except LOST as error:
        why = reason(error, REACH_S)
        raise NotReachable(
            f"{url} does not answer ({why}): is it running? `tradewind up --blueprint rpc` starts it"
        ) from error
    finally:
        await http.close()
    if answer.status != 200:
        raise NotReachable(
            f"{url}/health answers {answer.status}: no gateway of the blueprint rpc, or one that is not well"
        )
