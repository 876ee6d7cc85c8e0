"""Feeds the gauges of /metrics: what memory knows is read at the scrape, what only the store knows is looked
up every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ..core.store import StoreUnavailable
from ..drivers.http.server import HttpServer
from ..engine.platform import Platform
from ..observability.access import AccessLog
from ..observability.metrics import Metrics

LOG = logging.getLogger("tradewind.metrics")
EVERY_S = 5.0


class StatsCollector:
    def __init__(self, metrics: Metrics, made: Platform, server: HttpServer, access: AccessLog) -> None:
        self._made = made
        self._services: dict[str, dict[str, Any]] = {}
        self._task: asyncio.Task[None] | None = None
        runtimes, inbound = made.runtimes, made.processor.inbound
        metrics.watch(
            "queue_depth", lambda: {"edge": len(inbound.requests), "internal": len(inbound.internal)}
        )
        metrics.watch(
            "log_lag",
            lambda: {
                name: sum(subscription.lag for subscription in runtime.subscriptions.values())
                for name, runtime in runtimes.items()
            },
        )
        metrics.watch("activities_running", lambda: made.runner.running)
        metrics.watch("connections", lambda: server.connections)
        metrics.watch("log_lines_dropped", lambda: access.dropped)
        metrics.watch("timers_overdue", self._stored("timersOverdue"))
        metrics.watch("parked", self._stored("parked"))

    def _stored(self, figure: str) -> Callable[[], dict[str, float]]:
        return lambda: {name: row[figure] for name, row in self._services.items()}

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look(), name="gauges")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        while True:
            try:
                self._services = (await self._made.stats())["services"]
            except StoreUnavailable as error:
                LOG.warning("the store cannot be counted now: %s", error)
            await asyncio.sleep(EVERY_S)
