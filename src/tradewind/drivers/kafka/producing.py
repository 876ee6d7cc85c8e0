"""Sends records, and says of each whether Kafka has it: one idempotent producer with a thread that polls it.

librdkafka connects anew by itself. A producer that reports a fatal error is thrown away, with what it has not
sent, and another one is made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .library import KafkaError, KafkaException, Message, Producer
from .polling import AGAIN_S, POLL_S, Polling
from .servers import MOST_BYTES, Servers, Topic, Topics, said

LOG = logging.getLogger("tradewind.kafka")
SENT_MS = 12_000
Then = Callable[[str], None]
_UNKNOWN = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class Producing(Polling):
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
        super().__init__(servers, topics, name)
        self._producer: Producer | None = None
        self._delivered: list[tuple[Then, str]] = []
        self._fatal = ""

    @property
    def up(self) -> bool:
        return self._ready.is_set()

    def _prepare(self) -> None:
        self._producer = Producer(self._settings)

    def _under_way(self) -> int:
        """What is confirmed no more while it is stopped has an outcome that is unknown."""
        return len(self._producer) if self._producer is not None and self.up else 0

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

        self._tell(tell)
