"""Reaches the services of other processes over the APIs that the blueprint names for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...apis.services import wire
from ...apis.services.client import ServicesGateway
from ...core.model import Query
from ...drivers.rabbitmq.amqp import Link
from ...drivers.rabbitmq.rpc.client import RpcClient
from ...drivers.rabbitmq.watching import Watcher
from . import runner
from .component import Component, Connections
from .context import Context
from .request_queues import services_queues

NEEDS = ("users", "inventory", "orders")
"""The services without which no order can be placed."""
ORDERS = ("order.*", "payment.refunded")
PATIENCE_S = 1.8  # a little less than whoever consults another service has


class RemoteGateway(Component):
    """All services, over our own wire, and the events of orders for those who wait for one."""

    def __init__(self, context: Context) -> None:
        config, name = context.config, context.process.name
        self._client = RpcClient(config.broker_url, wire, name=name, clock=context.clock.now)
        queues = services_queues(config, context.blueprint)
        self.gateway = ServicesGateway(
            self._client, queues, needs=NEEDS, tracer=context.tracing.tracer, now=context.clock.now
        )
        self._watcher = Watcher(
            config.broker_url, ORDERS, self.gateway.heard, name=name, exchange=config.event_exchange
        )
        self._connections = Connections([self._client.start, self._watcher.start], patient=True)

    async def start(self, deadline_s: float) -> None:
        await self._connections.start(deadline_s)
        self.gateway.start()

    async def drain(self) -> None:
        await self._connections.drain()

    async def stop(self) -> None:
        self.gateway.stop()
        await self._watcher.stop()
        await self._client.stop()

    def missing(self) -> list[str]:
        return self.gateway.missing()

    def late(self) -> list[str]:
        """Whoever waits for an order learns of its end at the deadline."""
        return [why for why in (self._watcher.link.missing,) if why]

    def links(self) -> Mapping[str, Link]:
        return {"requests": self._client.link, "order events": self._watcher.link}


class Settled(Component):
    """Waits for the services, which may have started with us."""

    def __init__(self, missing: Callable[[], list[str]]) -> None:
        self._missing = missing

    async def start(self, deadline_s: float) -> None:
        await runner.until_ready(self._missing)


class RemoteQueues(Component):
    """The queues behind the API rpc."""

    def __init__(self, context: Context) -> None:
        from ...apis.nest import wire as nest_wire

        config = context.config
        self.client = RpcClient(
            config.broker_url, nest_wire, name=context.process.name, clock=context.clock.now
        )
        self._connections = Connections([self.client.start], patient=context.patient)

    async def start(self, deadline_s: float) -> None:
        await self._connections.start(deadline_s)

    async def drain(self) -> None:
        await self._connections.drain()

    async def stop(self) -> None:
        await self.client.stop()

    def missing(self) -> list[str]:
        client = self.client
        return [] if client.up else [f"broker: {client.missing or 'not connected'}"]

    def links(self) -> Mapping[str, Link]:
        return {"requests": self.client.link}


class Consulted(Component):
    """What the services of this process ask those of others before they decide."""

    def __init__(self, context: Context) -> None:
        name = f"{context.process.services[0]} asks"
        self._client = RpcClient(context.config.broker_url, wire, name=name, clock=context.clock.now)
        queues = services_queues(context.config, context.blueprint)
        self._others = ServicesGateway(
            self._client, queues, read_s=PATIENCE_S, tracer=context.tracer, now=context.clock.now
        )

    async def ask(self, query: Query, trace: str, deadline: int) -> Any:
        return await self._others.ask(query, deadline=deadline, trace=trace)

    async def start(self, deadline_s: float) -> None:
        await self._client.start(deadline_s)

    async def stop(self) -> None:
        await self._client.stop()

    def missing(self) -> list[str]:
        return [self._client.missing] if self._client.missing else []
