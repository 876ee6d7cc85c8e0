"""Ephemeral subscriptions: each copy of a process has a queue of its own that ends with its connection, and
gets nothing for the time that it was away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...core.clock import SystemClock
from .amqp import Delivery, Limits, Link

PREFETCH = 1_024


class Watcher:
    """An ephemeral subscription. `notify` is called with the key of every event whose name matches one of the
    `patterns` of a topic exchange, like `order.*`.
    """

    def __init__(
        self,
        url: str,
        patterns: Iterable[str],
        notify: Callable[[str], None],
        *,
        name: str,
        exchange: str,
        limits: Limits | None = None,
    ) -> None:
        self._patterns, self._notify, self._exchange = tuple(patterns), notify, exchange
        self._begin = f"{exchange}.{name}.{SystemClock().random.getrandbits(64):016x}"
        self._lives = 0
        self.link = Link(url, name=f"{name} watches", setup=self._set_up, limits=limits or Limits())

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """Errors: BrokerUnusable."""
        await self.link.start(timeout_s, patient=patient)

    async def stop(self, grace_s: float = 1.0) -> None:
        await self.link.stop(grace_s)

    async def _set_up(self, link: Link) -> None:
        self._lives += 1  # the broker may not have noticed yet that the queue of the last life is over
        queue = f"{self._begin}.{self._lives}"
        await link.declare_exchange(self._exchange, "topic", durable=True)
        await link.declare_queue(queue, durable=False, exclusive=True, auto_delete=True)
        for pattern in self._patterns:
            await link.bind(queue, self._exchange, pattern)
        await link.qos(PREFETCH)
        await link.consume(queue, self._take, no_ack=True)

    def _take(self, delivery: Delivery) -> None:
        headers: dict[str, Any] = delivery.properties.headers or {}
        self._notify(str(headers.get("key", "")))
