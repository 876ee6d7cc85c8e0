"""Sends records, and says of each whether Kafka has it: one idempotent producer with a thread that polls it.

librdkafka connects anew by itself. A producer that reports a fatal error is thrown away, with what it has not
sent, and another one is made.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.bus import BrokerUnusable
from .library import KafkaError, KafkaException, Message, Producer
from .servers import MOST_BYTES, Servers, Topic, Topics, said

LOG = logging.getLogger("tradewind.kafka")
POLL_S, AGAIN_S = 0.1, 0.5
SENT_MS = 12_000
Then = Callable[[str], None]
_UNKNOWN = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class Producing:
    """`start` and `send` in the loop. `topics` are there, or made, before it is `up`."""

    def __init__(self, servers: Servers, topics: Sequence[Topic], *, name: str) -> None:
        self._settings = servers.settings(name) | {
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "message.timeout.ms": SENT_MS,
            "message.max.bytes": MOST_BYTES,
            "topic.metadata.propagation.max.ms": 5_000,
            "queue.buffering.max.messages": 50_000,
            "partitioner": "murmur2_random",  # as Java and kafkajs do: a key has one partition for all
            "error_cb": self._failed,
        }
        self._servers, self._topics, self._name = servers, tuple(topics), name
        self.missing = f"{name}: Kafka has not answered yet"
        self.lives, self.blocked = 0, False
        self._producer: Producer | None = None
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._delivered: list[tuple[Then, str]] = []
        self._fatal, self._end_at = "", 0.0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def up(self) -> bool:
        return self._ready.is_set()

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """Errors: BrokerUnusable, where a setting is none, and without patience if there is no answer."""
        self._loop = asyncio.get_running_loop()
        try:
            self._producer = Producer(self._settings)
        except (KafkaException, ValueError) as error:
            raise BrokerUnusable(f"Kafka: {error}") from None
        self._thread = threading.Thread(target=self._run, name=f"{self._name} out", daemon=True)
        self._thread.start()
        up = await asyncio.to_thread(self._ready.wait, timeout_s)
        if not up and not patient:
            raise BrokerUnusable(f"{self._servers.brokers}: {self.missing}")

    async def stop(self, grace_s: float = 5.0) -> None:
        """What is under way has so long to be confirmed; of the rest the outcome is unknown."""
        if self._thread is None:
            return
        self._end_at = time.monotonic() + grace_s
        self._ended.set()
        await asyncio.to_thread(self._thread.join, grace_s + 10.0)
        self._ready.clear()

    def send(
        self, topic: str, key: str, value: bytes, headers: Mapping[str, Any], at: int, then: Then
    ) -> bool:
        """False: not now, and `then` is not called. `at` is ms since the epoch."""
        producer = self._producer
        if producer is None or not self.up:
            return False

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None and error.code() in _UNKNOWN:
                self._lost(f"the topic {topic} is gone")
            self._delivered.append((then, "" if error is None else error.str()))

        try:
            producer.produce(
                topic,
                value,
                key.encode() if key else None,
                headers=[(name, str(told).encode()) for name, told in headers.items()],
                timestamp=at,
                on_delivery=delivered,
            )
        except (BufferError, KafkaException) as error:
            if not isinstance(error, BufferError):
                LOG.error("%s cannot be sent on %s: %s", self._name, topic, said(error))
            return False
        return True

    def _run(self) -> None:
        """In the thread."""
        topics = Topics(self._servers, self._topics, self._name)
        while not self._over():
            if not self._ready.is_set():
                if why := topics.lacks():
                    self._say(why)
                    self._ended.wait(AGAIN_S)
                else:
                    self._say("")
                    self.lives += 1
                    self._ready.set()
            self._poll(POLL_S)
        if self._producer is not None:
            self._producer.purge()
            self._poll(POLL_S)
            self._producer = None  # or it tries to connect for as long as we are referred to

    def _over(self) -> bool:
        if not self._ended.is_set():
            return False
        under_way = self.up and self._producer is not None and len(self._producer) > 0
        return not under_way or time.monotonic() >= self._end_at

    def _poll(self, seconds: float) -> None:
        assert self._producer is not None
        self._producer.poll(seconds)
        if self._fatal:
            self._renew(self._producer)
        if self._delivered:
            told, self._delivered = self._delivered, []
            self._hand_over(told)

    def _failed(self, error: KafkaError) -> None:
        """Called while the thread polls."""
        if error.fatal():
            self._fatal = error.str()
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._lost("no broker can be reached")

    def _lost(self, why: str) -> None:
        self._ready.clear()
        self._say(why)

    def _say(self, why: str) -> None:
        before, self.missing = self.missing, f"{self._name}: {why}" if why else ""
        if why and self.missing != before:
            LOG.warning("%s; asked again until it works", self.missing)

    def _renew(self, old: Producer) -> None:
        LOG.error("%s: a fatal error, so another producer is made: %s", self._name, self._fatal)
        self._fatal = ""
        self._lost("a fatal error")
        self._producer = Producer(self._settings)
        old.purge()
        old.flush(1.0)

    def _hand_over(self, told: list[tuple[Then, str]]) -> None:
        def tell() -> None:
            for then, trouble in told:
                then(trouble)

        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:  # the loop is over: nobody waits
            LOG.debug("%s: %d outcomes came too late", self._name, len(told))
