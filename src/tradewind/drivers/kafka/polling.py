"""A client of librdkafka and the thread that polls it: how both start, tell the loop what came, and end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence

from ...core.bus import BrokerUnusable
from .library import KafkaException
from .servers import Servers, Topic

LOG = logging.getLogger("tradewind.kafka")
POLL_S, AGAIN_S = 0.1, 0.5
JOIN_S = 10.0


class Polling:
    """A subclass has `_prepare`, which makes its client to see that the settings are some, `_run`, which is
    the thread until `_over`, and `_under_way`.
    """

    def __init__(self, servers: Servers, topics: Sequence[Topic], name: str) -> None:
        self._servers, self._topics, self._name = servers, tuple(topics), name
        self.missing = f"{name}: Kafka has not answered yet"
        self.lives, self.blocked = 0, False
        self._ready, self._ended = threading.Event(), threading.Event()
        self._end_at = 0.0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def _prepare(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        raise NotImplementedError

    def _under_way(self) -> int:
        """What a stop waits for."""
        raise NotImplementedError

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """Returns when it is ready. Errors: BrokerUnusable, where a setting is none, and without patience if
        there is no answer.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._prepare()
        except (KafkaException, ValueError) as error:
            raise BrokerUnusable(f"Kafka: {error}") from None
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        ready = await asyncio.to_thread(self._ready.wait, timeout_s)
        if not ready and not patient:
            raise BrokerUnusable(f"{self._servers.brokers}: {self.missing}")

    async def stop(self, grace_s: float = 5.0) -> None:
        """What is under way has so long to end."""
        if self._thread is None:
            return
        self._end_at = time.monotonic() + grace_s
        self._ended.set()
        await asyncio.to_thread(self._thread.join, grace_s + JOIN_S)
        self._ready.clear()

    def _over(self) -> bool:
        return self._ended.is_set() and (not self._under_way() or time.monotonic() >= self._end_at)

    def _say(self, why: str) -> None:
        """Why it is not up; empty: it is. Logged once."""
        before, self.missing = self.missing, f"{self._name}: {why}" if why else ""
        if why and self.missing != before:
            LOG.warning("%s; asked again until it works", self.missing)

    def _tell(self, tell: Callable[[], None]) -> None:
        """Calls it in the loop."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:  # the loop is over: nobody waits, and records come again
            LOG.debug("%s: what came is too late", self._name)
