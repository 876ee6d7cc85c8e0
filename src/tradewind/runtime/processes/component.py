"""The parts of a process: each starts, takes no more work, ends, and says what it lacks, whatever it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from ...core.http import Server
from ...observability.collector import Tracing
from ...observability.metrics import Metrics

if TYPE_CHECKING:
    from ...drivers.rabbitmq.amqp import Link

LOG = logging.getLogger("tradewind.process")
AGAIN_S, DRAIN_S = 0.5, 8.0


class Component:
    """Components start in their order. At the end each, the last one first, takes no more and finishes what
    is under way (`drain`); then each, the last one first, ends (`stop`).
    """

    async def start(self, deadline_s: float) -> None:
        """Waits so long at most for what it needs."""

    async def drain(self) -> None: ...

    async def stop(self) -> None: ...

    def missing(self) -> list[str]:
        """What it lacks to accept new work and keep it."""
        return []

    def late(self) -> list[str]:
        """What is done later than it should be, and not lost."""
        return []

    def watch(self, metrics: Metrics) -> None:
        """Adds its figures to those of the process."""

    def links(self) -> Mapping[str, Link]:
        """Its connections to the broker, by the name that each has for people."""
        return {}


class Traces(Component):
    def __init__(self, tracing: Tracing, metrics: Metrics) -> None:
        self._tracing, self._metrics = tracing, metrics

    async def start(self, deadline_s: float) -> None:
        self._tracing.start(self._metrics)

    async def stop(self) -> None:
        await self._tracing.stop()


class Front(Component):
    """An API over HTTP. `opened` is called once it listens, `drain_api` and `close` at the end; `levels` can
    be read at any time.
    """

    def __init__(
        self,
        server: Server,
        host: str,
        port: int,
        *,
        opened: Callable[[], None] = lambda: None,
        drain_api: Callable[[], None] = lambda: None,
        close: Callable[[], Awaitable[None] | None] = lambda: None,
        levels: Mapping[str, Callable[[], dict[str, float]]] | None = None,
        missing: Callable[[], list[str]] = list,
    ) -> None:
        self.server, self._host, self._port = server, host, port
        self._opened, self._drain_api, self._close = opened, drain_api, close
        self._levels, self._missing = levels or {}, missing

    @property
    def place(self) -> tuple[str, int] | None:
        """Where it is reached on this machine, once it listens."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host
        return (host, self.server.port) if self.server.port else None

    async def start(self, deadline_s: float) -> None:
        """Errors: PortInUse."""
        await self.server.start(self._host, self._port)
        self._opened()

    async def drain(self) -> None:
        self._drain_api()
        await self.server.stop(DRAIN_S)

    async def stop(self) -> None:
        closing = self._close()
        if closing is not None:
            await closing

    def missing(self) -> list[str]:
        return self._missing()

    def watch(self, metrics: Metrics) -> None:
        for name, level in self._levels.items():
            metrics.watch(name, level)


class OpsServer(Component):
    """Health and figures on a port of their own, until the very end."""

    def __init__(self, server: Server, host: str, port: int) -> None:
        self.server, self._host, self._port = server, host, port

    async def start(self, deadline_s: float) -> None:
        await self.server.start(self._host, self._port)

    async def stop(self) -> None:
        await self.server.stop(1.0)


class Connections(Component):
    """Connections to a broker. `patient`: without the broker the process starts too, and connects once the
    broker is there.
    """

    def __init__(self, starts: list[Callable[[float], Awaitable[None]]], *, patient: bool) -> None:
        self._starts, self._patient = starts, patient
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, deadline_s: float) -> None:
        """Errors: BrokerUnusable, unless patient."""
        if not self._patient:
            for start in self._starts:
                await start(deadline_s)
            return
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(_connect(start, deadline_s)) for start in self._starts]
        await asyncio.wait(self._tasks, timeout=deadline_s)

    async def drain(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _connect(start: Callable[[float], Awaitable[None]], deadline_s: float) -> None:
    from ...drivers.rabbitmq.amqp.errors import BrokerUnusable

    while True:
        try:
            await start(deadline_s)
            return
        except BrokerUnusable as error:
            LOG.warning("requests are answered 503 for now: %s", error)
            await asyncio.sleep(AGAIN_S)


def watch_links(metrics: Metrics, links: Mapping[str, Link]) -> None:
    """Shows on /metrics how each connection is."""
    metrics.watch("link_up", lambda: {name: float(link.up) for name, link in links.items()})
    metrics.watch("link_blocked", lambda: {name: float(link.blocked) for name, link in links.items()})
    metrics.watch(
        "link_reconnects", lambda: {name: float(max(0, link.lives - 1)) for name, link in links.items()}
    )
