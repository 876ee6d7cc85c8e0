"""Runs the whole platform in this process, from the lock on its data folder to the last answer before it
leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable

import msgspec

from ..apis.kernel.docs import v1_pages
from ..apis.v1.app import V1Api
from ..apis.v1.passwords import Passwords
from ..apis.v1.settings import V1Settings
from ..contracts.api import OPERATIONS
from ..contracts.policies import DEFAULT, Policies
from ..core import failpoints
from ..core.clock import SystemClock
from ..core.http import Request, Response
from ..core.manifest import Manifest
from ..core.store import Store, StoreUnusable
from ..drivers.http.client import PooledClient
from ..drivers.http.limits import Limits
from ..drivers.http.server import HttpServer
from ..engine.observers import Hooks
from ..engine.platform import Platform
from ..observability.access import AccessLog
from ..observability.metrics import CONTENT_TYPE, Metrics
from ..observability.spans import BatchSpans
from ..observability.traces import Tracing
from ..services.payments.provider.sandbox import Sandbox
from .assembly import LEDGER, platform
from .config import Config
from .data_lock import DataLock
from .first_admin import Login, first_admin
from .gauges import StatsCollector
from .keys import signing_key, webhook_secret
from .schema import migrate
from .stores import open_store
from .webhook_sender import WebhookSender

LOG = logging.getLogger("tradewind.up")
DRAIN_S = 4.0
NAME = "tradewind"
"""Of the process in traces: it is all services in one."""


class Started(msgspec.Struct, frozen=True):
    """What a person wants to know once it runs. `login` is there on the first start only."""

    url: str
    login: Login | None
    given: bool


class Embedded:
    """`start`, `stop`; in between it serves."""

    def __init__(
        self,
        config: Config,
        access: AccessLog,
        names: Iterable[str],
        additions: Iterable[Manifest] = (),
        policies: Policies = DEFAULT,
    ) -> None:
        self.config, self._access = config, access
        self._names, self._additions, self._policies = tuple(names), tuple(additions), policies
        self._lock = DataLock(config.data)
        self._clock = SystemClock(ids=policies.ids)
        self._server: HttpServer | None = None
        self._stops: list[Callable[[], None]] = []

    async def start(self) -> Started:
        """Errors: StoreUnusable, PortInUse and OSError, each with one line that says what to do."""
        config = self.config
        failpoints.arm(config.fail)
        self._tracing = Tracing(NAME, config.otlp_endpoint, config.trace_ratio, self._clock, os.environ)
        self._lock.acquire()
        key = signing_key(config.jwt_secret, config.data)
        migrate(config, self._additions)
        self.store: Store = open_store(config.database_url, config.data)
        self._client = PooledClient()
        self.provider = Sandbox(
            config.data / LEDGER,
            clock=self._clock.now,
            random=self._clock.random,
            secret=webhook_secret(key),
            deliver=WebhookSender(self._where, self._client),
            timeout_s=config.provider_timeout_s,
            faults=config.provider_faults,
        )
        metrics = Metrics()
        tracer = self._tracing.tracer
        system = "postgresql" if config.database_url else "sqlite"
        self.platform: Platform = platform(
            config,
            self.store,
            self._clock,
            self.provider,
            self._names,
            self._additions,
            Hooks(
                observer=metrics,
                tracer=BatchSpans(tracer, system) if tracer.on else None,
                activity=metrics.activity,
            ),
            self._policies,
        )
        settings = V1Settings(
            jwt_secret=key,
            rate_limit_per_minute=config.rate_limit,
            webhook_secrets=(webhook_secret(key),),
            cors_origins=config.cors_origins,
            trusted_proxies=config.trusted_proxies,
            reads_at_once=not config.database_url,
        )
        passwords = Passwords(settings, self._clock)
        operations = (
            *OPERATIONS,
            *(operation for addition in self._additions for operation in addition.operations),
        )
        self.edge = V1Api(
            self.platform,
            self._clock,
            settings,
            pages=_pages(metrics),
            observe=metrics.request,
            log=self._access.write,
            tracer=tracer,
            passwords=passwords,
            operations=operations,
        )
        self._server = HttpServer(self.edge, Limits())
        self._gauges = StatsCollector(metrics, self.platform, self._server, self._access)
        self._tracing.start(metrics)
        await self.platform.start()
        login = await first_admin(
            config, self.store, self.platform, passwords.hash, lambda: self.platform.processor.broken
        )
        await self._server.start(config.host, config.port)
        self.provider.start()
        self._gauges.start()
        url = f"http://{_shown(config.host)}:{self._server.port}"
        self._lock.tell(url)
        return Started(url, login, bool(config.admin_password))

    def _where(self) -> tuple[str, int] | None:
        return (
            None
            if self._server is None or not self._server.port
            else (_shown(self.config.host), self._server.port)
        )

    async def stop(self) -> None:
        """Not ready, no new connections, finish what is here, close: in this order."""
        self.edge.drain()
        self._gauges.stop()
        if self._server is not None:
            await self._server.stop(DRAIN_S)
        await self.platform.stop()
        await self.provider.close()
        await self._client.close()
        await self._tracing.stop()
        self.edge.close()
        self._access.flush()
        self._lock.release()

    async def serve(self, started: Callable[[Started], None]) -> None:
        """Until SIGTERM or Ctrl-C. The second one does not wait."""
        leave = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave.set)
        try:
            started(await self.start())
            stopped = loop.create_task(self.platform.ended())
            asked = loop.create_task(leave.wait())
            await asyncio.wait({stopped, asked}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                raise StoreUnusable(
                    "the processor has stopped; the log says why. Nothing that was accepted is lost: "
                    "start again"
                )
        except BaseException:
            self._lock.release()
            raise
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        await self.stop()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def _pages(metrics: Metrics) -> dict[str, Callable[[Request], Response]]:
    return {
        **v1_pages(),
        "/metrics": lambda request: Response(200, metrics.render(), (), CONTENT_TYPE.encode()),
    }
