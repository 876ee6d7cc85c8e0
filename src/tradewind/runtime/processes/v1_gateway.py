"""API v1 as a process of its own: HTTP in, requests to the services over our own wire, no store."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable

from ...apis.kernel.docs import v1_pages
from ...apis.kernel.health import OpsPages
from ...apis.services import wire
from ...apis.services.client import ServicesGateway
from ...apis.v1.app import V1Api
from ...apis.v1.settings import V1Settings
from ...core import failpoints
from ...core.clock import SystemClock
from ...core.http import Request, Response
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.rabbitmq.amqp.errors import BrokerUnusable
from ...drivers.rabbitmq.rpc.client import RpcClient
from ...drivers.rabbitmq.watching import Watcher
from ...observability import logs
from ...observability.metrics import CONTENT_TYPE, Metrics
from ...observability.traces import Tracing
from ..blueprint import Blueprint, Process
from ..config import Config
from ..keys import signing_key, webhook_secret
from . import runner
from .links import watch_links
from .request_queues import services_queues

LOG = logging.getLogger("tradewind.gateway")
CONNECT_S, AGAIN_S, DRAIN_S = 10.0, 0.5, 8.0
NEEDS = ("users", "inventory", "orders")
"""The services without which no order can be placed."""
ORDERS = ("order.*", "payment.refunded")


class V1GatewayProcess:
    """`run` until SIGTERM: readiness off, no new connections, finish what is here, close."""

    def __init__(self, config: Config, blueprint: Blueprint, process: Process) -> None:
        self._config = config
        failpoints.arm(config.fail, elsewhere=True)
        clock = SystemClock()
        self._log = logs.set_up(config.log_level, config.log_format, process.name)
        self._metrics = Metrics()
        self._tracing = Tracing(process.name, config.otlp_endpoint, config.trace_ratio, clock, os.environ)
        tracer = self._tracing.tracer
        self._client = RpcClient(config.broker_url, wire, name=process.name, clock=clock.now)
        queues = services_queues(config, blueprint)
        self._gateway = ServicesGateway(self._client, queues, needs=NEEDS, tracer=tracer)
        self._watcher = Watcher(
            config.broker_url, ORDERS, self._gateway.heard, name=process.name, exchange=config.event_exchange
        )
        key = signing_key(config.jwt_secret, config.data)
        settings = V1Settings(
            jwt_secret=key,
            rate_limit_per_minute=config.rate_limit,
            webhook_secrets=(webhook_secret(key),),
            cors_origins=config.cors_origins,
            trusted_proxies=config.trusted_proxies,
            reads_at_once=False,
        )
        self._api = V1Api(
            self._gateway,
            clock,
            settings,
            pages=_pages(self._metrics),
            observe=self._metrics.request,
            log=self._log.write,
            tracer=tracer,
            late=lambda: [why for why in (self._watcher.link.missing,) if why],
        )
        self._server = HttpServer(self._api, Limits())
        self._ops = HttpServer(OpsPages(self._api.health, self._metrics.render), Limits())
        self._connecting: list[asyncio.Task[None]] = []
        self._metrics.watch("connections", lambda: self._server.connections)
        self._metrics.watch("log_lines_dropped", lambda: self._log.dropped)
        watch_links(self._metrics, {"requests": self._client.link, "order events": self._watcher.link})

    async def run(self, started: Callable[[str], None]) -> None:
        """Errors: PortInUse, one line."""
        await runner.run(self, started)

    async def start(self) -> str:
        self._tracing.start(self._metrics)
        loop = asyncio.get_running_loop()
        for start in (self._client.start, self._watcher.start):
            self._connecting.append(loop.create_task(_connect(start)))
        await asyncio.wait(self._connecting, timeout=CONNECT_S)
        self._gateway.start()
        await self._server.start(self._config.host, self._config.port)
        await self._ops.start(self._config.host, self._config.ops_port)
        await runner.until_ready(self._gateway.missing)
        return f"http://{self._config.host}:{self._server.port}"

    async def stop(self) -> None:
        for task in self._connecting:
            task.cancel()
        self._api.drain()
        await self._server.stop(DRAIN_S)
        self._api.close()
        self._gateway.stop()
        await self._watcher.stop()
        await self._client.stop()
        await self._tracing.stop()
        await self._ops.stop(1.0)
        self._log.flush()


async def _connect(start: Callable[[float], Awaitable[None]]) -> None:
    """Until the broker is there: without it requests are answered 503."""
    while True:
        try:
            await start(CONNECT_S)
            return
        except BrokerUnusable as error:
            LOG.warning("requests are answered 503 for now: %s", error)
            await asyncio.sleep(AGAIN_S)


def _pages(metrics: Metrics) -> dict[str, Callable[[Request], Response]]:
    return {
        **v1_pages(),
        "/metrics": lambda request: Response(200, metrics.render(), (), CONTENT_TYPE.encode()),
    }
