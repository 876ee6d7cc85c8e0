"""Gives an API and a service the services that they ask: those of this process, those of others by the API
that the blueprint names for them, or some of both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.api import ApiManifest, Reach
from ...core.gateway import Gateway
from ...core.http import Handler, HttpTarget
from ...core.joined import JoinedGateway
from ...core.model import Query
from ...core.request_queue import RequestQueueClient
from ..registry import APIS
from .component import Component
from .context import Context
from .fronts import given
from .plan import askers, by_http, carrier, ours
from .request_queues import addresses, local_queues, queues_of

if TYPE_CHECKING:
    from ...core.bus import Connection
    from ...engine.platform import Platform

PATIENCE_S = 1.8  # a little less than whoever consults another service has


class Reached(NamedTuple):
    """With the components that it needs, in the order of their start."""

    reach: Reach
    needs: list[Component]


def reached(context: Context, api: ApiManifest, platform: Platform | None) -> Reached:
    """How an API of this process reaches the services that it shows. `platform` has those of this process."""
    config, process, at_once = context.config, context.process, not context.store
    if by_http(api.over):
        return Reached(_over_http(context, api, platform), [])
    away = [service for service in api.shows if service not in process.services]
    if away and (joined := _joined(context, api, away, platform)) is not None:
        return joined
    by = carrier(context.blueprint, api.over, away)
    by_gateway = by is None or queues_of(by).client is not None
    if platform is not None and by_gateway and not away:
        woken = [Woken(context, api, platform.heard)] if api.watches and process.copies > 1 else []
        return Reached(Reach(to=platform, at_once=at_once), list(woken))
    if by is None:
        return Reached(Reach(), [])
    to = addresses(by, config, context.blueprint)
    here = {service: to[service] for service in process.services if service in to}
    if by_gateway and here:  # one process answers once, for all of its services
        here = dict.fromkeys(here, next(iter(here.values())))
    behind = RemoteQueues(context, by, process.name) if away else None
    over: RequestQueueClient | None = None if behind is None else behind.client
    if platform is not None and here:
        over = local_queues(by, platform, config, here, at_once, over)
    assert over is not None
    needs: list[Component] = [] if behind is None else [behind]
    if by_gateway:
        remote = RemoteGateway(context, api, by, over, {**to, **here})
        return Reached(Reach(to=remote.gateway, late=remote.late, remote=True), [*needs, remote])
    lacks = list if platform is None else platform.missing
    return Reached(Reach(over=over, lacks=lacks, at_once=at_once, remote=bool(away)), needs)


def _joined(
    context: Context, api: ApiManifest, away: Collection[str], platform: Platform | None
) -> Reached | None:
    """Where each service is asked over an API of its own; None: one API carries all."""
    by = askers(context.blueprint, api.over, away)
    if by is None:
        return None
    around = context.around(None)
    made = {one.name: one.asked(around) for one in by.values() if one.asked is not None}
    services: dict[str, Gateway] = {service: made[one.name] for service, one in by.items()}
    if platform is not None:
        services |= dict.fromkeys(context.process.services, platform)
    gateway = JoinedGateway(services, api.needs)
    return Reached(Reach(to=gateway, lacks=gateway.missing, remote=True), [])


def _over_http(context: Context, api: ApiManifest, platform: Platform | None) -> Reach:
    """The HTTP servers of the services, by the APIs that are named for them: one of this process is called
    without a connection.
    """
    here, found = set(context.process.services), dict[str, HttpTarget]()
    handlers: dict[str, Handler] = {}
    for service in api.shows:
        named = context.blueprint.requests.get(service, api.over)
        by = next(APIS[one] for one in api.over if one in named and service in APIS[one].shows)
        if service in here:
            assert platform is not None and by.front is not None
            front = by.front(given(context, by, Reach(to=platform, at_once=not context.store), None))
            assert front.handler is not None
            handlers[service] = front.handler
        else:
            found[service] = HttpTarget(context.config.known[by.asked_at], context.client)
    if handlers:
        from ...drivers.local.http_client import LocalHttpClient

        local = LocalHttpClient(handlers)
        found |= {service: HttpTarget(f"http://{service}", local) for service in handlers}
    lacks = list if platform is None else platform.missing
    return Reach(http=found, lacks=lacks, at_once=not context.store, remote=len(found) > len(handlers))


class RemoteQueues(Component):
    """The queues of an API, at the broker."""

    def __init__(self, context: Context, api: ApiManifest, name: str) -> None:
        from ...drivers.rabbitmq.rpc.client import RpcClient

        wire = queues_of(api).wire()
        self.client = RpcClient(context.config.broker_url, wire, name=name, clock=context.clock.now)

    async def start(self, deadline_s: float) -> None:
        """Errors: BrokerUnusable, where no wait can mend it."""
        await self.client.start(deadline_s, patient=True)

    async def stop(self) -> None:
        await self.client.stop()

    def links(self) -> Mapping[str, Connection]:
        return {"requests": self.client.link}


class Woken(Component):
    """Tells whoever waits in this process of what another copy has committed."""

    def __init__(self, context: Context, api: ApiManifest, heard: Callable[[str], None]) -> None:
        from ...drivers.rabbitmq.watching import Watcher

        config, name = context.config, context.process.name
        self._watcher = Watcher(
            config.broker_url, api.watches, heard, name=name, exchange=config.event_exchange
        )

    async def start(self, deadline_s: float) -> None:
        await self._watcher.start(deadline_s, patient=True)

    async def stop(self) -> None:
        await self._watcher.stop()

    def late(self) -> list[str]:
        """Whoever waits for an order learns of its end at the deadline."""
        return [why for why in (self._watcher.link.missing,) if why]

    def links(self) -> Mapping[str, Connection]:
        return {"order events": self._watcher.link}


class RemoteGateway(Woken):
    """All services that an API shows, and the events that its clients wait for."""

    def __init__(
        self,
        context: Context,
        api: ApiManifest,
        by: ApiManifest,
        over: RequestQueueClient,
        to: Mapping[str, str],
    ) -> None:
        make = queues_of(by).client
        assert make is not None
        self.gateway = make(over, to, api.needs, 0.0, context.tracing.tracer, context.clock.now)
        super().__init__(context, api, self.gateway.heard)

    async def start(self, deadline_s: float) -> None:
        await super().start(deadline_s)
        self.gateway.start()

    async def stop(self) -> None:
        self.gateway.stop()
        await super().stop()

    def missing(self) -> list[str]:
        return self.gateway.missing()


class Consulted(Component):
    """What the services of this process ask those of others before they decide."""

    def __init__(self, context: Context, asked: Collection[str]) -> None:
        by = carrier(context.blueprint, ours(), asked)
        assert by is not None
        make = queues_of(by).client
        assert make is not None
        self._queues = RemoteQueues(context, by, f"{context.process.services[0]} asks")
        to = addresses(by, context.config, context.blueprint)
        self._others = make(self._queues.client, to, (), PATIENCE_S, context.tracer, context.clock.now)

    async def ask(self, query: Query, trace: str, deadline: int) -> Any:
        return await self._others.ask(query, deadline=deadline, trace=trace)

    async def start(self, deadline_s: float) -> None:
        await self._queues.start(deadline_s)

    async def stop(self) -> None:
        await self._queues.stop()

    def missing(self) -> list[str]:
        client = self._queues.client
        return [client.missing] if client.missing else []
