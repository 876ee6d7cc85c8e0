"""The edge of face `rpc` as a process: HTTP in, requests over the broker out, no store; while the broker is
away it says 503.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress

from ...apis.kernel.client_address import TrustedProxies
from ...apis.kernel.health import FIGURES, OpsPages
from ...apis.nest import wire
from ...apis.rpc.envelope import of_problem
from ...apis.rpc.gateway import RpcApi
from ...apis.rpc.settings import RpcSettings
from ...apis.rpc.takers import Takers
from ...core import failpoints
from ...core.clock import SystemClock
from ...core.http import Request, Response
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.rabbitmq.amqp.errors import BrokerUnusable
from ...drivers.rabbitmq.rpc.client import RpcClient
from ...observability import logs
from ...observability.access import AccessLog
from ...observability.metrics import Metrics
from ...observability.traces import Tracing
from ..blueprint import Blueprint, Process
from ..config import Config
from . import runner
from .links import watch_links

LOG = logging.getLogger("tradewind.gateway")
CONNECT_S, AGAIN_S, DRAIN_S, FLUSH_S = 10.0, 0.5, 8.0, 4.0
SLACK = 1024
"""How much more than the largest body the HTTP server reads, so that the face says itself what is too
large.
"""


class GatewayProcess:
    """`run` until SIGTERM: readiness off, no new connections, finish what is here, close. `patient`: start
    without the broker, too.
    """

    def __init__(
        self, config: Config, blueprint: Blueprint, process: Process, *, patient: bool = False
    ) -> None:
        self._config, self._patient = config, patient
        self._connecting: asyncio.Task[None] | None = None
        failpoints.arm(config.fail)
        clock = SystemClock()
        self._log: AccessLog = logs.set_up(config.log_level, config.log_format, process.name)
        self._metrics = Metrics()
        self._tracing = Tracing(process.name, config.otlp_endpoint, config.trace_ratio, clock, os.environ)
        self._client = RpcClient(config.broker_url, wire, name=process.name, clock=clock.now)
        settings = RpcSettings(
            order_queue=config.order_queue,
            inventory_queue=config.inventory_queue,
            payment_queue=config.payment_queue,
        )
        self._gateway = RpcApi(
            self._client,
            settings,
            later=_later,
            pages={"/metrics": self._figures},
            lacks=lambda: self._takers.missing(),
            observe=self._metrics.request,
            observe_call=self._metrics.rpc_call,
            log=self._log.write,
            proxies=TrustedProxies(config.trusted_proxies) if config.trusted_proxies else None,
            tracer=self._tracing.tracer if self._tracing.tracer.on else None,
        )
        self._takers = Takers(self._client, self._gateway.services)
        self._server = HttpServer(
            self._gateway, Limits(body_bytes=settings.body_bytes + SLACK), problem=of_problem
        )
        self._ops = HttpServer(OpsPages(self._gateway.health, self._metrics.render), Limits())
        for name, level in self._gateway.levels.items():
            self._metrics.watch(name, level)
        self._metrics.watch("connections", lambda: self._server.connections)
        self._metrics.watch("log_lines_dropped", lambda: self._log.dropped)
        watch_links(self._metrics, {"requests": self._client.link})

    def _figures(self, request: Request) -> Response:
        return Response(200, self._metrics.render(), (), FIGURES)

    async def run(self, started: Callable[[str], None]) -> None:
        """Errors: BrokerUnusable, PortInUse: one line each."""
        await runner.run(self, started)

    async def start(self) -> str:
        self._tracing.start(self._metrics)
        await self._connect()
        await self._server.start(self._config.host, self._config.port)
        await self._ops.start(self._config.host, self._config.ops_port)
        await runner.until_ready(self._gateway.health.missing)
        return f"http://{self._config.host}:{self._server.port}"

    async def _connect(self) -> None:
        """Errors: BrokerUnusable, unless we are patient: then requests are answered 503 until the broker is
        back.
        """
        try:
            await self._client.start(CONNECT_S)
        except BrokerUnusable as error:
            if not self._patient:
                raise
            LOG.warning("requests are answered 503 for now: %s", error)
            self._connecting = asyncio.get_running_loop().create_task(
                self._connect_later(), name="connecting"
            )

    async def _connect_later(self) -> None:
        while not self._client.up:
            await asyncio.sleep(AGAIN_S)
            with suppress(BrokerUnusable):
                await self._client.start(CONNECT_S)

    async def stop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        self._gateway.drain()
        await self._server.stop(DRAIN_S)
        await self._client.stop()
        await self._tracing.stop()
        await self._ops.stop(1.0)
        self._log.flush()


def _later(seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, do)
