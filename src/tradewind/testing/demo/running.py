"""Runs a demo from the first product to the last order, and stops cleanly when interrupted."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from typing import NamedTuple

from ...runtime.config import Config
from ...runtime.local import NotReachable, running
from .. import stoppable
from ..http import Http
from ..progress import Progress
from .buying import Buying
from .figures import Figures
from .people import Buyer, Unwelcome, buyers, stock
from .persistence import Client, GaveUp
from .platform import Child, admin_token, reach, there

FEWEST_BUYERS, ORDERS_EACH = 20, 200  # two to three requests an order, of the 600 that one caller has
LOOK_S = 0.2
TROUBLE = (NotReachable, GaveUp, Unwelcome)


class DemoOptions(NamedTuple):
    """What the command line said. `url` is empty for the platform of the data folder."""

    config: Config
    sets: tuple[str, ...]
    url: str
    orders: int
    buyers: int

    @property
    def crowd(self) -> int:
        """How many buyers: as many as were asked for, or as many as the rate limit lets place the orders in a
        minute.
        """
        return min(self.buyers or max(FEWEST_BUYERS, self.orders // ORDERS_EACH), self.orders)


class Demo:
    """`figures` are true at any moment; `stopped` is the number of the signal that ended it early."""

    def __init__(self, options: DemoOptions, progress: Progress) -> None:
        self._asked, self._progress = options, progress
        self._child: Child | None = None
        self.figures = Figures(options.orders)
        self.stopped = 0

    def run(self) -> Figures:
        """Errors: those of TROUBLE."""
        self.stopped = stoppable.run(self._run())
        return self.figures

    async def _run(self) -> None:
        try:
            await self._play()
        finally:
            if self._child is not None:
                await asyncio.to_thread(self._child.stop)

    async def _play(self) -> None:
        http, find = await self._place()
        client = Client(http, find, random.Random())
        try:
            await reach(http)
            run = os.urandom(4).hex().upper()
            token = await admin_token(client, self._asked.config, named=bool(self._asked.url))
            goods, rare = await stock(client, token, run, few=max(1, self.figures.wanted // 50))
            crowd = await self._crowd(client, run.lower())
            await self._buy(
                client, Buying(client, crowd, [*goods, rare], self.figures, random.Random(), run.lower())
            )
        finally:
            await http.close()

    async def _place(self) -> tuple[Http, Callable[[], str | None]]:
        data, url = self._asked.config.data, self._asked.url.rstrip("/")
        if url:
            ours = running(data) == url
            return Http(url), (lambda: running(data)) if ours else (lambda: None)
        if (found := await there(data)) is not None:
            return Http(found), lambda: running(data)
        self._child = Child(self._asked.config, self._asked.sets)
        url = await self._child.started()
        self._progress.say(f"started a platform on {data} at {url}; it is stopped at the end")
        for line in await self._child.login():
            self._progress.say(line)
        return Http(url), self._child.find

    async def _crowd(self, client: Client, run: str) -> list[Buyer]:
        joined, crowd = 0, self._asked.crowd

        def count() -> None:
            nonlocal joined
            joined += 1
            self._progress.show("buyers", joined, crowd)

        return await buyers(client, run, crowd, count)

    async def _buy(self, client: Client, buying: Buying) -> None:
        clock = asyncio.get_running_loop().time
        begun, figures = clock(), self.figures

        def look() -> None:
            figures.seconds, figures.retries, figures.held_back = (
                clock() - begun,
                client.retries,
                client.held_back,
            )
            self._progress.show("orders placed", figures.accepted, figures.wanted)
            self._progress.show("orders final", figures.final, figures.wanted)

        work = asyncio.create_task(buying.all())
        try:
            while not work.done():
                await asyncio.wait([work], timeout=LOOK_S)
                look()
            work.result()
        finally:
            work.cancel()
            look()
