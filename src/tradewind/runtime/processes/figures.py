"""Feeds /metrics of the processes that run apart: what memory knows at the scrape, what only store and broker
know every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...core.store import StoreUnavailable
from ...engine.platform import Platform
from ...observability.metrics import Metrics

if TYPE_CHECKING:
    from ...drivers.rabbitmq.rpc.server import RpcServer
    from .brokers import EventTaker
    from .events import Publishers

LOG = logging.getLogger("tradewind.metrics")
EVERY_S = 5.0


class Figures:
    """`start` in the loop, `stop` before it ends."""

    def __init__(
        self,
        platform: Platform,
        publishers: Publishers | None,
        servers: Sequence[RpcServer],
        subscribers: Sequence[EventTaker],
    ) -> None:
        self._platform, self._publishers = platform, publishers
        self._servers, self._subscribers = servers, subscribers
        takers: list[RpcServer | EventTaker] = [*servers, *subscribers]
        self._queues = {taker.queue: taker for taker in takers}
        self._stored: dict[str, dict[str, Any]] = {}
        self._depths: dict[str, float] = {}
        self._consumers: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, metrics: Metrics) -> None:
        inbound, runner = self._platform.processor.inbound, self._platform.runner
        metrics.watch(
            "queue_depth", lambda: {"requests": len(inbound.requests), "internal": len(inbound.internal)}
        )
        metrics.watch("activities_running", lambda: runner.running)
        metrics.watch("timers_overdue", self._of("timersOverdue"))
        metrics.watch("parked", self._of("parked"))
        publishers, servers, subscribers = self._publishers, self._servers, self._subscribers
        if publishers is None:
            metrics.watch("log_lag", self._lag)
        else:
            metrics.watch("outbox_depth", self._of("outbox"))
            metrics.watch("outbox_age_seconds", self._of("oldestOutboxMs", 1_000))
            metrics.watch("events_published", lambda: publishers.published)
            metrics.watch("events_consumed", lambda: sum([one.consumed for one in subscribers], Counter()))
            metrics.watch(
                "events_redelivered", lambda: sum([one.redelivered for one in subscribers], Counter())
            )
        if self._queues:
            metrics.watch("broker_queue_messages", lambda: self._depths)
            metrics.watch("broker_queue_consumers", lambda: self._consumers)
        if servers:
            metrics.watch(
                "rpc_server_late", lambda: {server.queue: float(server.taken.too_late) for server in servers}
            )
            metrics.watch(
                "rpc_server_poison", lambda: {server.queue: float(server.taken.poison) for server in servers}
            )

    def _lag(self) -> dict[str, float]:
        runtimes = self._platform.runtimes
        return {
            name: sum([subscription.lag for subscription in runtime.subscriptions.values()])
            for name, runtime in runtimes.items()
        }

    @property
    def waiting(self) -> int:
        """Events that the broker has not confirmed yet."""
        return sum([row["outbox"] for row in self._stored.values()])

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
            except (StoreUnavailable, TimeoutError) as error:
                LOG.warning("the store cannot be counted now: %s", error)
            if self._queues:
                await self._look_at_queues()
            await asyncio.sleep(EVERY_S)

    async def _look_at_queues(self) -> None:
        from ...drivers.rabbitmq.amqp import LinkDown

        try:
            for name, queue in self._queues.items():
                state = await queue.state()
                self._depths[name], self._consumers[name] = float(state.messages), float(state.consumers)
        except (LinkDown, TimeoutError) as error:
            LOG.debug("what waits at the broker cannot be counted now: %s", error)
