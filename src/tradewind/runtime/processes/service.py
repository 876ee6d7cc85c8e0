"""One process of services that run apart: requests come from their queues, events from the bus, and copies of
it share its store.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...apis.kernel.health import Health, OpsPages
from ...contracts.subscriptions import asks
from ...core import failpoints
from ...core.bus import EventRecord
from ...core.clock import SystemClock
from ...core.model import Query
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.rabbitmq.bus import Publisher, Subscriber
from ...drivers.rabbitmq.rpc.client import RpcClient
from ...drivers.rabbitmq.rpc.server import RpcServer
from ...engine.observers import Hooks, not_here
from ...engine.platform import Platform
from ...observability import logs
from ...observability.metrics import Metrics
from ...observability.spans import BatchSpans, event_sent
from ...observability.traces import Tracing
from ...services.payments.provider.absent import NoProvider
from ..blueprint import Blueprint, Process
from ..config import Config
from ..registry import services
from ..stores import open_store
from . import runner
from . import tracing as following
from .figures import Figures
from .request_queues import Served, served, services_queues
from .services import ears, provider

if TYPE_CHECKING:
    from ..first_admin import Login

DAY_MS, KEPT_BYTES = 86_400_000, 16_384
CONNECT_S, DRAIN_S, FLUSH_S = 10.0, 8.0, 4.0
PATIENCE_S = 1.8  # a little less than whoever consults another service has


class ServiceProcess:
    """`run` until SIGTERM: readiness off, no more from the queues, finish what is here, flush, close."""

    def __init__(self, config: Config, blueprint: Blueprint, process: Process, name: str) -> None:
        """`name`: of this copy."""
        self._config, self._process = config, process
        failpoints.arm(config.fail)
        self._log = logs.set_up(config.log_level, config.log_format, name)
        self._clock = clock = SystemClock(ids=blueprint.policies.ids)
        store = open_store(config.database_url, config.data, exclusive=False, schemas=blueprint.schemas)
        self._metrics = Metrics()
        self._tracing = Tracing(process.name, config.otlp_endpoint, config.trace_ratio, clock, os.environ)
        self._tracer = self._tracing.tracer if self._tracing.tracer.on else None
        self._bus = Publisher(
            config.broker_url,
            name=name,
            exchange=config.event_exchange,
            ears=ears(config, blueprint),
            sending=None if self._tracer is None else partial(event_sent, self._tracer),
        )
        self._others = self._client(process.services, blueprint)
        self._provider = provider(config, clock, process.services, blueprint)
        self.platform = Platform(
            store,
            services(process.services, config, self._provider, blueprint.policies),
            clock,
            delays_ms=config.retry_delays_ms,
            retention_ms=config.retention_days * DAY_MS,
            bus=self._bus,
            hooks=Hooks(
                observer=self._metrics,
                tracer=None if self._tracer is None else BatchSpans(self._tracer),
                activity=self._metrics.activity,
                elsewhere=not_here if self._others is None else self._asking(blueprint, self._others),
            ),
        )
        self._servers = [
            self._server(service, one)
            for service in process.services
            for one in served(service, self.platform, config, process)
        ]
        self._ears = [
            self._ear(service) for service in process.services if self.platform.runtimes[service].heard
        ]
        self._admin = self._first_admin if "v1" in blueprint.apis and "users" in process.services else None
        self.login: Login | None = None
        self._figures = Figures(self._metrics, self.platform, self._bus, self._servers, self._ears)
        self._metrics.watch("log_lines_dropped", lambda: self._log.dropped)
        self._health = Health(self._missing, self._late)
        self._ops = HttpServer(OpsPages(self._health, self._metrics.render), Limits())

    def _server(self, service: str, what: Served) -> RpcServer:
        queue, wire, answering = what
        if self._tracer is not None:
            answering = following.requests(self._tracer, queue, answering)
        return RpcServer(
            self._config.broker_url,
            queue,
            answering,
            wire,
            name=service,
            park=partial(self._park, service),
            clock=self._clock.now,
            observe=self._metrics.rpc_served,
        )

    def _client(self, names: tuple[str, ...], blueprint: Blueprint) -> RpcClient | None:
        """What asks the services of other processes, where one of ours does."""
        asked = frozenset(other for name in names for other in asks(name, blueprint.policies))
        if asked <= set(names):
            return None
        from ...apis.services import wire

        return RpcClient(self._config.broker_url, wire, name=f"{names[0]} asks", clock=self._clock.now)

    def _asking(self, blueprint: Blueprint, client: RpcClient) -> Callable[[Query, str], Awaitable[Any]]:
        from ...apis.services.client import ServicesGateway

        queues = services_queues(self._config, blueprint)
        others = ServicesGateway(client, queues, read_s=PATIENCE_S, tracer=self._tracer)

        async def ask(query: Query, trace: str) -> Any:
            return await others.ask(query, trace=trace)

        return ask

    def _ear(self, service: str) -> Subscriber:
        runtime = self.platform.runtimes[service]

        def hear(told: EventRecord, done: Callable[[], None], again: bool) -> None:
            self.platform.hear(told, service, done, again=again)

        refuse = partial(self.platform.keep_unreadable, service)
        ear = Subscriber(
            self._config.broker_url,
            service,
            runtime.heard,
            hear,
            refuse,
            exchange=self._config.event_exchange,
            queue_type=self._config.queue_type,
        )
        if self._tracer is not None:
            ear.hear = following.events(self._tracer, ear.queue, hear)
        return ear

    def _park(self, service: str, reason: str, body: bytes) -> None:
        text = body[:KEPT_BYTES].decode(errors="replace").replace("\0", "?")
        self.platform.keep_unreadable(service, "request", text, reason, lambda: None)

    def _missing(self) -> list[str]:
        links = [server.missing for server in self._servers]
        if self._others is not None:
            links.append(self._others.missing)
        if not self._servers:  # a process that only takes events
            links += self._events()
        return [*self.platform.missing(), *dict.fromkeys(why for why in links if why)]

    def _late(self) -> list[str]:
        """Events wait in the outbox and in their queues: that is late, and nothing is lost."""
        return list(dict.fromkeys(why for why in self._events() if why))

    def _events(self) -> list[str]:
        return [self._bus.link.missing, *(ear.link.missing for ear in self._ears)]

    async def run(self, started: Callable[[str], None]) -> None:
        """Errors: StoreUnusable, BrokerUnusable, PortInUse: one line each."""
        await runner.run(self, started, self.platform.ended)

    async def start(self) -> str:
        self._tracing.start(self._metrics)
        if not isinstance(self._provider, NoProvider):
            self._provider.start()
        await self._bus.start(CONNECT_S)
        await self.platform.start()
        await self._ops.start(self._config.host, self._config.ops_port)
        for ear in self._ears:
            await ear.start(CONNECT_S)
        if self._others is not None:
            await self._others.start(CONNECT_S)
        for server in self._servers:
            await server.start(CONNECT_S)
        if self._admin is not None:
            await self._admin()
        self._figures.start()
        return f"http://{self._config.host}:{self._ops.port}"

    async def _first_admin(self) -> None:
        """Makes the first admin where there is none: API v1 has no other way to get one."""
        from ...apis.v1.passwords import Passwords
        from ...apis.v1.settings import V1Settings
        from ..first_admin import first_admin
        from ..keys import signing_key

        key = signing_key(self._config.jwt_secret, self._config.data)
        passwords = Passwords(V1Settings(jwt_secret=key), self._clock)
        platform = self.platform
        self.login = await first_admin(
            self._config, platform.store, platform, passwords.hash, lambda: platform.processor.broken
        )
        passwords.close()

    async def stop(self) -> None:
        self._health.closing = True
        self._figures.stop()
        drained = (*(server.drain(DRAIN_S) for server in self._servers), *(ear.drain() for ear in self._ears))
        await asyncio.gather(*drained, return_exceptions=True)
        await self.platform.stop()
        await asyncio.gather(
            *(server.stop(FLUSH_S) for server in self._servers), *(ear.stop(FLUSH_S) for ear in self._ears)
        )
        if self._others is not None:
            await self._others.stop()
        await self._bus.stop(FLUSH_S)
        if not isinstance(self._provider, NoProvider):
            await self._provider.close()
        await self._tracing.stop()
        await self._ops.stop(1.0)
        self._log.flush()
