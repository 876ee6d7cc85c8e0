"""The parts of a process: each starts, takes no more work, ends, and says what it lacks, whatever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...core.api import Front
from ...core.http import HttpClient, Server
from ...core.rpc_methods import RpcClient
from ...observability.collector import Tracing
from ...observability.metrics import Metrics
from . import runner

if TYPE_CHECKING:
    from ...core.bus import Connection
    from ...drivers.redis.link import RedisLink

DRAIN_S = 8.0


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

    def waiting(self) -> int:
        """How many events wait for the broker, as of the last few seconds."""
        return 0

    def watch(self, metrics: Metrics) -> None:
        """Adds its figures to those of the process."""

    def links(self) -> Mapping[str, Connection]:
        """Its connections to the broker, by the name that each has for people."""
        return {}


class Traces(Component):
    def __init__(self, tracing: Tracing, metrics: Metrics) -> None:
        self._tracing, self._metrics = tracing, metrics

    async def start(self, deadline_s: float) -> None:
        self._tracing.start(self._metrics)

    async def stop(self) -> None:
        await self._tracing.stop()


class FrontServer(Component):
    """An API over HTTP, on its server. `shared`: other processes listen at the same address."""

    def __init__(self, front: Front, server: Server, host: str, port: int, *, shared: bool) -> None:
        self.server, self._front, self._host, self._port = server, front, host, port
        self._shared = shared

    @property
    def place(self) -> tuple[str, int] | None:
        """Where it is reached on this machine, once it listens."""
        return (near(self._host), self.server.port) if self.server.port else None

    async def start(self, deadline_s: float) -> None:
        """Errors: PortInUse."""
        await self.server.start(self._host, self._port, shared=self._shared)
        opening = self._front.opened()
        if opening is not None:
            await opening

    async def drain(self) -> None:
        self._front.drain()
        await self.server.stop(DRAIN_S)

    async def stop(self) -> None:
        closing = self._front.close()
        if closing is not None:
            await closing

    def missing(self) -> list[str]:
        return self._front.missing()

    def watch(self, metrics: Metrics) -> None:
        for name, level in self._front.levels.items():
            metrics.watch(name, level)


def near(host: str) -> str:
    """Where this machine reaches what listens at `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


class OpsServer(Component):
    """Health and figures on a port of their own, until the very end."""

    def __init__(self, server: Server, host: str, port: int) -> None:
        self.server, self._host, self._port = server, host, port

    async def start(self, deadline_s: float) -> None:
        await self.server.start(self._host, self._port)

    async def stop(self) -> None:
        await self.server.stop(1.0)


class Clients(Component):
    """The HTTP client of the process, which its parts share, and its clients of remote procedure calls."""

    def __init__(self, client: HttpClient, rpc: Sequence[RpcClient]) -> None:
        self._client, self._rpc = client, rpc

    async def stop(self) -> None:
        await self._client.close()
        for one in self._rpc:
            await one.close()


class Shared(Component):
    """What all copies share in Redis. Without it the process does all its work."""

    WAIT_S = 1.0

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def start(self, deadline_s: float) -> None:
        await self._link.start(self.WAIT_S)

    async def stop(self) -> None:
        await self._link.stop()

    def watch(self, metrics: Metrics) -> None:
        metrics.watch("redis_up", lambda: float(self._link.up))


class Settled(Component):
    """Waits for what others start with us, a broker or services; past its time the process lives on, and its
    health page says what is missing.
    """

    def __init__(self, missing: Callable[[], list[str]], late: Callable[[], list[str]]) -> None:
        self._missing, self._late = missing, late

    async def start(self, deadline_s: float) -> None:
        await runner.until_ready(self._missing, self._late)


def watch_links(metrics: Metrics, links: Mapping[str, Connection]) -> None:
    """Shows on /metrics how each connection is."""
    metrics.watch("link_up", lambda: {name: float(link.up) for name, link in links.items()})
    metrics.watch("link_blocked", lambda: {name: float(link.blocked) for name, link in links.items()})
    metrics.watch(
        "link_reconnects", lambda: {name: float(max(0, link.lives - 1)) for name, link in links.items()}
    )
