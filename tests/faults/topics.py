"""Programs of other teams on published topics of Kafka: orders of their own, some twice, and records that nobody can
take; and the topics of dead letters, as they read them.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import cast
from uuid import uuid4

import confluent_kafka

from tests.faults.book import Book
from tests.faults.foreign import Letter

PACE_S, CONFIRMED_S, LOOK_S = 0.25, 120.0, 60.0
ORDERS, PAYMENTS = "order.created", "payment.completed"
BAD = (b"order %d", b'{"orderId":"%d"', b"[%d]", b"%d", b'{"orderId":"\xff%d"}', b'{"orderId":"bad-%d"}')


def order(name: str) -> bytes:
    items = [{"productId": "product-1", "quantity": 2, "price": 29.99}]
    said = {"orderId": name, "userId": "another team's", "items": items, "totalAmount": 59.98}
    return json.dumps({**said, "createdAt": "2026-01-15T10:30:00.000Z"}).encode()


class TopicWriter(threading.Thread):
    """Sends until `halt`, and leaves once Kafka has confirmed all. `bad`: what must lie among the dead letters."""

    def __init__(self, brokers: str, book: Book, halt: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        settings = {"bootstrap.servers": brokers, "enable.idempotence": True, "log_level": 0}
        self._producer = confluent_kafka.Producer(settings)
        self._book, self._halt, self._random = book, halt, Random(seed)
        self.bad: dict[bytes, str] = {}
        self.sent = Counter[bytes]()
        self.orders: list[str] = []

    def run(self) -> None:
        while not self._halt.wait(PACE_S):
            number = len(self.bad) + len(self.orders)
            if self._random.random() < 0.5:
                body = self._random.choice(BAD) % number
                self.bad[body] = ""
                self._send(self._random.choice((ORDERS, PAYMENTS)), body)
            else:
                self.orders.append(f"theirs-{number}")
                for _ in range(self._random.choice((1, 1, 2))):
                    self._send(ORDERS, order(self.orders[-1]))
        if left := self._producer.flush(CONFIRMED_S):
            self._book.odd(f"{left} records of another team were never confirmed")

    def _send(self, topic: str, body: bytes) -> None:
        self.sent[body] += 1
        self._producer.produce(topic, body, on_delivery=self._told)
        self._producer.poll(0)

    def _told(self, error: confluent_kafka.KafkaError | None, _: confluent_kafka.Message) -> None:
        if error is not None:
            self._book.odd(f"a record of another team was refused: {error}")


def dead_letters(brokers: str, topics: Sequence[str]) -> list[Letter]:
    """All that lie there, to the ends of now. Errors: AssertionError, KafkaException."""
    reader = confluent_kafka.Consumer({"bootstrap.servers": brokers, "group.id": f"looks-{uuid4()}"})
    try:
        ends = {topic: reader.get_watermark_offsets(_first(topic), timeout=LOOK_S)[1] for topic in topics}
        reader.assign([_first(topic) for topic in topics])
        found: list[Letter] = []
        until = time.monotonic() + LOOK_S
        while len(found) < sum(ends.values()):
            assert time.monotonic() < until, f"{len(found)} of {ends} could be read"
            record = reader.poll(0.5)
            if record is not None and record.error() is None:
                headers = dict(cast(list[tuple[str, bytes]], record.headers() or []))
                reason, tries = headers.get("x-reason", b"").decode(), int(headers.get("x-attempts", b"0"))
                found.append(Letter(record.value() or b"", reason, tries))
        return found
    finally:
        reader.close()


def _first(topic: str) -> confluent_kafka.TopicPartition:
    return confluent_kafka.TopicPartition(topic, 0, 0)
