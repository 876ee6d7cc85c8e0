"""Feeds /metrics of the processes that run apart: what memory knows at the scrape, what only store and broker
know every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...core.store import StoreUnavailable
from ...drivers.rabbitmq.amqp import Link, LinkDown
from ...drivers.rabbitmq.bus import Publisher, Subscriber
from ...drivers.rabbitmq.rpc.server import RpcServer
from ...engine.platform import Platform
from ...observability.metrics import Metrics
from .links import watch_links

LOG = logging.getLogger("tradewind.metrics")
EVERY_S = 5.0


class Figures:
    """`start` in the loop, `stop` before it ends."""

    def __init__(
        self,
        metrics: Metrics,
        platform: Platform,
        bus: Publisher,
        servers: Sequence[RpcServer],
        ears: Sequence[Subscriber],
    ) -> None:
        self._platform = platform
        takers: list[RpcServer | Subscriber] = [*servers, *ears]
        self._queues = {taker.queue: taker for taker in takers}
        self._stored: dict[str, dict[str, Any]] = {}
        self._depths: dict[str, float] = {}
        self._consumers: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        inbound, runner = platform.processor.inbound, platform.runner
        metrics.watch(
            "queue_depth", lambda: {"requests": len(inbound.requests), "internal": len(inbound.internal)}
        )
        metrics.watch("activities_running", lambda: runner.running)
        metrics.watch("timers_overdue", self._of("timersOverdue"))
        metrics.watch("parked", self._of("parked"))
        metrics.watch("outbox_depth", self._of("outbox"))
        metrics.watch("outbox_age_seconds", self._of("oldestOutboxMs", 1_000))
        metrics.watch("broker_queue_messages", lambda: self._depths)
        metrics.watch("broker_queue_consumers", lambda: self._consumers)
        metrics.watch("events_published", lambda: bus.published)
        metrics.watch("events_consumed", lambda: sum([ear.heard for ear in ears], Counter()))
        metrics.watch("events_redelivered", lambda: sum([ear.redelivered for ear in ears], Counter()))
        metrics.watch(
            "rpc_server_late", lambda: {server.queue: float(server.taken.too_late) for server in servers}
        )
        metrics.watch(
            "rpc_server_poison", lambda: {server.queue: float(server.taken.poison) for server in servers}
        )
        links: dict[str, Link] = {
            "events out": bus.link,
            **{f"{ear.service} events in": ear.link for ear in ears},
        }
        for server in servers:
            links |= server.links
        watch_links(metrics, links)

    def _of(self, figure: str, unit: int = 1) -> Callable[[], dict[str, float]]:
        return lambda: {name: row[figure] / unit for name, row in self._stored.items()}

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look(), name="figures")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        while True:
            try:
                self._stored = (await self._platform.stats())["services"]
                for name, queue in self._queues.items():
                    state = await queue.state()
                    self._depths[name], self._consumers[name] = float(state.messages), float(state.consumers)
            except (StoreUnavailable, LinkDown, TimeoutError) as error:
                LOG.debug("what waits cannot be counted now: %s", error)
            await asyncio.sleep(EVERY_S)
