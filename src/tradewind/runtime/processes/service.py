"""The services of a process as components: their platform with what it needs, and what brings messages in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...contracts.subscriptions import asks
from ...core.api import FirstAdmin
from ...core.channel import Channel
from ...core.manifest import Outside
from ...core.model import Service, wire_name
from ...core.readers import documents
from ...core.store import Store
from ...engine.observers import Hooks, not_here
from ...engine.platform import Platform
from ...observability.metrics import Metrics
from ...observability.spans import BatchSpans
from ..assembly import DAY_MS, with_timeline
from ..registry import APIS, channels, manifest, services
from ..stores import open_store
from . import tracing as following
from .component import DRAIN_S, Component
from .context import Context
from .figures import Figures
from .request_queues import Served, served

if TYPE_CHECKING:
    from ...core.bus import Connection
    from ...drivers.rabbitmq.rpc.server import RpcServer
    from ..first_admin import Login
    from .brokers import EventTaker
    from .elsewhere import Consulted
    from .events import Publishers, Subscribers

KEPT_BYTES, FLUSH_S = 16_384, 4.0


class Services(Component):
    """`webhooks`: where those of outside systems are taken. `consulted`: the component by which these
    services ask those of other processes, which starts after them.
    """

    def __init__(self, context: Context, webhooks: Callable[[], tuple[str, int] | None] | None) -> None:
        config, blueprint, names = context.config, context.blueprint, context.process.services
        self._context = context
        around = context.around(webhooks)
        self._outside: dict[str, Outside] = {}
        for name in names:
            self._outside |= manifest(name).ports(around)
        self.consulted = _consulted(context)
        store = _store(context)
        system = "postgresql" if store.kind == "postgres" else store.kind  # OpenTelemetry's words
        made = services(names, config, self._outside, blueprint.policies, context.additions)
        self.channels = channels(blueprint.channels, config)
        self.publishers = _publishers(context, self.channels, made)
        self.platform = Platform(
            store,
            made,
            context.clock,
            delays_ms=config.retry_delays_ms,
            retention_ms=config.retention_days * DAY_MS,
            bus=None if self.publishers is None else self.publishers.bus,
            hooks=Hooks(
                observer=context.metrics,
                tracer=None if context.tracer is None else BatchSpans(context.tracer, system),
                activity=context.metrics.activity,
                elsewhere=not_here if self.consulted is None else self.consulted.ask,
            ),
        )
        if any(APIS[api].front is not None for api in context.process.apis):
            with_timeline(self.platform)

    async def start(self, deadline_s: float) -> None:
        """Errors: StoreUnusable; BrokerUnusable, where no wait can mend it."""
        for outside in self._outside.values():
            outside.start()
        if self.publishers is not None:
            await self.publishers.start(deadline_s)
        await self.platform.start()

    async def drain(self) -> None:
        """What is here is finished. What is not is in the store."""
        await self.platform.stop()

    async def stop(self) -> None:
        if self.publishers is not None:
            await self.publishers.stop(FLUSH_S)
        for outside in self._outside.values():
            await outside.close()

    def missing(self) -> list[str]:
        return self.platform.missing()

    def late(self) -> list[str]:
        """Events wait in the outbox: nothing is lost."""
        return [] if self.publishers is None else self.publishers.missing()

    def links(self) -> Mapping[str, Connection]:
        return {} if self.publishers is None else self.publishers.links()


def _store(context: Context) -> Store:
    blueprint = context.blueprint
    if documents(context.store):
        from ..documents import open_documents

        return open_documents(context.store, context.process.services, blueprint.apis)
    return open_store(
        context.store, context.config.data, exclusive=not context.apart, schemas=blueprint.schemas
    )


def _publishers(
    context: Context, channels: Mapping[str, Channel], made: Iterable[Service]
) -> Publishers | None:
    if context.blueprint.bus == "local":
        return None
    from .events import Publishers

    return Publishers(context, channels, {wire_name(kind) for service in made for kind in service.says})


def _consulted(context: Context) -> Consulted | None:
    """What asks the services of other processes, where one of ours does."""
    names = context.process.services
    asked = {other for name in names for other in asks(name, context.blueprint.policies)}.difference(names)
    if not asked:
        return None
    from .elsewhere import Consulted

    return Consulted(context, asked)


class Takers(Component):
    """Brings requests of queues and events of the bus to the platform, once that has started."""

    def __init__(self, context: Context, made: Services) -> None:
        self._context, self._made, self._platform = context, made, made.platform
        self._subscribers: Subscribers | None = None
        if made.publishers is not None:
            from .events import Subscribers

            self._subscribers = Subscribers(context, made.platform, made.channels)
        names = context.process.services
        found = [
            (service, one)
            for service in names
            for one in served(service, made.platform, context.config, context.process)
        ]
        self.servers: list[RpcServer] = [self._server(*one) for one in found]

    def _server(self, service: str, what: Served) -> RpcServer:
        from ...drivers.rabbitmq.rpc.server import RpcServer

        queue, wire, answering = what
        context = self._context
        if context.tracer is not None:
            answering = following.requests(context.tracer, queue, answering)
        return RpcServer(
            context.config.broker_url,
            queue,
            answering,
            wire,
            name=service,
            park=partial(self._park, service),
            clock=context.clock.now,
            observe=context.metrics.rpc_served,
        )

    def _park(self, service: str, reason: str, body: bytes) -> None:
        text = body[:KEPT_BYTES].decode(errors="replace").replace("\0", "?")
        self._platform.keep_unreadable(service, "request", text, reason, lambda _: None)

    @property
    def subscribers(self) -> Sequence[EventTaker]:
        return () if self._subscribers is None else self._subscribers.all

    async def start(self, deadline_s: float) -> None:
        """Errors: BrokerUnusable, where no wait can mend it."""
        if self._subscribers is not None:
            await self._subscribers.start(deadline_s)
        for server in self.servers:
            await server.start(deadline_s, patient=True)

    async def drain(self) -> None:
        drained: list[Awaitable[object]] = [server.drain(DRAIN_S) for server in self.servers]
        if self._subscribers is not None:
            drained.append(self._subscribers.drain())
        await asyncio.gather(*drained, return_exceptions=True)

    async def stop(self) -> None:
        stopped = [server.stop(FLUSH_S) for server in self.servers]
        if self._subscribers is not None:
            stopped.append(self._subscribers.stop(FLUSH_S))
        await asyncio.gather(*stopped)

    def missing(self) -> list[str]:
        """What brings new work must be there: the queues of requests, and the channels that others publish
        on; a process that takes no request, by a queue or by HTTP, lives on events alone.
        """
        if not self.servers and not any(
            at.scheme in ("http", "grpc") for at in self._context.process.apis.values()
        ):
            return [*self._made.late(), *self.late()]
        accepts = any(APIS[api].accepts for api in self._context.process.apis)
        subscribers = None if accepts else self._subscribers
        channels = [] if subscribers is None else subscribers.missing(channels_alone=True)
        return [*(server.missing for server in self.servers if server.missing), *channels]

    def late(self) -> list[str]:
        return [] if self._subscribers is None else self._subscribers.missing()

    def watch(self, metrics: Metrics) -> None:
        if self._subscribers is not None and self._subscribers.channels:
            metrics.watch("events_dead", self._subscribers.dead)

    def links(self) -> Mapping[str, Connection]:
        found = {} if self._subscribers is None else dict(self._subscribers.links())
        for server in self.servers:
            found |= server.links
        return found


class Counting(Component):
    """The figures of the services, looked up every few seconds."""

    def __init__(self, made: Services, takers: Takers) -> None:
        self._figures = Figures(made.platform, made.publishers, takers.servers, takers.subscribers)

    async def start(self, deadline_s: float) -> None:
        self._figures.start()

    async def drain(self) -> None:
        self._figures.stop()

    def watch(self, metrics: Metrics) -> None:
        self._figures.watch(metrics)

    def waiting(self) -> int:
        return self._figures.waiting


class MakingAdmin(Component):
    """Makes the first admin where there is none, for an API that has no other way to get one."""

    def __init__(self, context: Context, platform: Platform, admin: FirstAdmin) -> None:
        self._context, self._platform, self._admin = context, platform, admin
        self.login: Login | None = None

    async def start(self, deadline_s: float) -> None:
        from ..first_admin import first_admin

        context, platform = self._context, self._platform
        hasher = self._admin.hasher(context.around(None))
        try:
            self.login = await first_admin(
                context.config, platform.store, platform, hasher.hash, lambda: platform.processor.broken
            )
        finally:
            hasher.close()
