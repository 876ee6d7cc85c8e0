"""Runs the sandbox payment provider as a process of its own: one ledger for all copies of payments, reached
over HTTP, with webhooks to the shop's gateway.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ...apis.kernel.health import Health, OpsPages
from ...core import failpoints
from ...core.clock import SystemClock
from ...core.http import Request, Response
from ...drivers.http.client import PooledClient
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.http.writing import Writer
from ...observability import logs
from ...observability.metrics import Metrics
from ...services.payments.provider.sandbox import Sandbox
from ...services.payments.provider.server import NOTHING, ProviderServer
from ..blueprint import Process
from ..config import Config
from ..keys import signing_key, webhook_secret
from ..webhook_sender import WebhookSender
from . import runner

LEDGER = "provider.db"
DRAIN_S = 4.0


class LosingWriter(Writer):
    """Writes nothing where the provider says nothing: the connection just ends."""

    def encode(self, request: Request, answer: Response, close: bool) -> bytes:
        return b"" if answer is NOTHING else super().encode(request, answer, close)


def provider_http(handler: Callable[[Request], None]) -> HttpServer:
    """A server that can lose an answer."""
    return HttpServer(handler, Limits(), writer=LosingWriter(time.time))


class ProviderProcess:
    """`run` until SIGTERM."""

    def __init__(self, config: Config, process: Process) -> None:
        failpoints.arm(config.fail, elsewhere=True)
        self._config = config
        self._log = logs.set_up(config.log_level, config.log_format, process.name)
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock = SystemClock()
        place = "127.0.0.1" if config.host in ("0.0.0.0", "::", "") else config.host
        self._client = PooledClient()
        self._sandbox = Sandbox(
            config.data / LEDGER,
            clock=clock.now,
            random=clock.random,
            secret=webhook_secret(signing_key(config.jwt_secret, config.data)),
            deliver=WebhookSender(lambda: (place, config.port), self._client),
            timeout_s=config.provider_timeout_s,
            faults=config.provider_faults,
        )
        self._server = provider_http(ProviderServer(self._sandbox))
        metrics = Metrics()
        metrics.watch("connections", lambda: self._server.connections)
        metrics.watch("log_lines_dropped", lambda: self._log.dropped)
        self._health = Health(list)
        self._ops = HttpServer(OpsPages(self._health, metrics.render), Limits())

    async def run(self, started: Callable[[str], None]) -> None:
        """Errors: StoreUnusable, PortInUse: one line each."""
        await runner.run(self, started)

    async def start(self) -> str:
        where = urlsplit(self._config.provider_url)
        await self._server.start(where.hostname or "127.0.0.1", where.port or 80)
        await self._ops.start(self._config.host, self._config.ops_port)
        self._sandbox.start()
        return self._config.provider_url

    async def stop(self) -> None:
        self._health.closing = True
        await self._server.stop(DRAIN_S)
        await self._sandbox.close()
        await self._client.close()
        await self._ops.stop(1.0)
        self._log.flush()
