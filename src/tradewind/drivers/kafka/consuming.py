"""Takes records for one group: a thread that polls one consumer, hands what comes to the loop, and commits
how far it is done.

The membership is dynamic, so that a copy that stops hands its partitions on at once; one that is killed does
after the session of 6 seconds. Partitions are paused while much is under way: the poll goes on, or the group
would take the copy for dead. A topic that is deleted and made anew begins with a new consumer, at its first
record.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from .library import Consumer, KafkaError, KafkaException, Message, TopicPartition
from .polling import AGAIN_S, POLL_S, Polling
from .progress import Progress
from .servers import MOST_BYTES, Servers, Topic, Topics, said

LOG = logging.getLogger("tradewind.kafka")
COMMIT_S = 0.2
BATCH, PREFETCH = 256, 1_024
SESSION_MS = 6_000
WATERMARK_S = 3.0
ENDLESS = 1 << 62
Place = tuple[str, int]


class Record(NamedTuple):
    """What came. `again`: it was there before the partition became ours, so somebody may have had it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: dict[str, str]
    at: int
    again: bool
    progress: Progress


def headers(message: Message) -> dict[str, str]:
    """As texts; of several with one name the last."""
    found = cast(list[tuple[str, bytes | None]], message.headers() or [])
    return {name: (value or b"").decode(errors="replace") for name, value in found}


class Waiting(NamedTuple):
    """What waits on our partitions, and how many of us take from them: one while any is ours."""

    messages: int
    consumers: int


class Consuming(Polling):
    """`start`, `settle` and `stop` in the loop; `take` is called there."""

    def __init__(
        self,
        servers: Servers,
        group: str,
        topics: Sequence[Topic],
        take: Callable[[Record], None],
        *,
        name: str,
        prefetch: int = PREFETCH,
    ) -> None:
        self._settings = servers.settings(name) | {
            "group.id": group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": SESSION_MS,
            "heartbeat.interval.ms": 1_500,
            "max.partition.fetch.bytes": MOST_BYTES,
            "fetch.wait.max.ms": 100,
            "fetch.error.backoff.ms": 100,
            "queued.max.messages.kbytes": 16_384,
            "error_cb": self._failed,
        }
        super().__init__(servers, topics, name)
        self._take, self.group, self._prefetch = take, group, prefetch
        self._lock = threading.Lock()
        self._progress: dict[Place, Progress] = {}
        self._ends: dict[Place, int] = {}
        self._consumer: Consumer | None = None
        self._draining = self._paused = False
        self._why_anew = ""
        self._committed_at = 0.0
        self._waiting = 0

    @property
    def up(self) -> bool:
        return self._ready.is_set() and not self.missing

    def waiting(self) -> Waiting:
        return Waiting(self._waiting, int(self._ready.is_set()))

    def _prepare(self) -> None:
        Consumer(self._settings).close()

    def settle(self, record: Record) -> None:
        """It is done, or kept: it never comes again once this is committed."""
        with self._lock:
            record.progress.settle(record.offset)

    def drain(self) -> None:
        """Takes no more; it stays in the group until `stop`."""
        self._draining = True

    async def stop(self, grace_s: float = 5.0) -> None:
        """Waits for what is under way, commits how far it is done, and leaves the group."""
        self.drain()
        await super().stop(grace_s)

    def _under_way(self) -> int:
        with self._lock:
            return sum([len(one) for one in self._progress.values()])

    # -- in the thread
    # -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        topics = Topics(self._servers, self._topics, self._name)
        while not self._over():
            if self._consumer is None and not self._open(topics):
                self._ended.wait(AGAIN_S)
                continue
            if self.missing:
                self._say(topics.lacks())
            try:
                self._pass()
            except KafkaException as error:
                self._why_anew = said(error)
            if self._why_anew:
                self._close()
        self._close()

    def _open(self, topics: Topics) -> bool:
        why, self._why_anew = topics.lacks(), ""
        self._say(why)
        if why:
            return False
        self._consumer, self._paused = Consumer(self._settings), False
        self._consumer.subscribe(
            [topic.name for topic in self._topics],
            on_assign=self._ours,
            on_revoke=self._handed_on,
            on_lost=self._taken_away,
        )
        return True

    def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        if self._why_anew:
            LOG.warning("%s: another consumer is made: %s", self._name, self._why_anew)
        try:
            consumer.close()  # commits by the call of `_handed_on`
        except KafkaException as error:
            LOG.warning("%s did not leave its group: %s", self._name, said(error))
        self._ready.clear()
        with self._lock:
            self._progress.clear()

    def _pass(self) -> None:
        consumer = self._consumer
        assert consumer is not None
        self._hold_or_go_on(consumer)
        first = consumer.poll(POLL_S)  # `consume` alone would wait until it has as many as asked
        if first is not None:
            self._hand_over([first, *consumer.consume(BATCH - 1, 0)])
        now = time.monotonic()
        if now >= self._committed_at + COMMIT_S:
            self._committed_at = now
            self._commit(consumer, asynchronous=True)
            self._waiting = self._count(consumer)

    def _hold_or_go_on(self, consumer: Consumer) -> None:
        many = self._under_way()
        if not self._paused and (self._draining or many > self._prefetch):
            consumer.pause(consumer.assignment())
            self._paused = True
        elif self._paused and not self._draining and many <= self._prefetch // 2:
            consumer.resume(consumer.assignment())
            self._paused = False

    def _hand_over(self, came: list[Message]) -> None:
        records: list[Record] = []
        with self._lock:
            for message in came:
                if (error := message.error()) is not None:
                    self._failed(error)
                elif (record := self._read(message)) is not None:
                    records.append(record)
        if not records:
            return

        def tell() -> None:
            for record in records:
                self._take(record)

        self._tell(tell)

    def _read(self, message: Message) -> Record | None:
        """None: of a partition that is not ours any more."""
        topic, partition = str(message.topic()), int(message.partition() or 0)
        place, offset = (topic, partition), int(message.offset() or 0)
        progress = self._progress.get(place)
        if progress is None:
            return None
        progress.take(offset)
        return Record(
            topic,
            partition,
            offset,
            (message.key() or b"").decode(errors="replace"),
            message.value(),
            headers(message),
            message.timestamp()[1],
            offset < self._ends.get(place, ENDLESS),
            progress,
        )

    def _commit(self, consumer: Consumer, *, asynchronous: bool, of: set[Place] | None = None) -> None:
        with self._lock:
            done = [
                (place, progress, position)
                for place, progress in self._progress.items()
                if (of is None or place in of)
                and (position := progress.position) is not None
                and position != progress.committed
            ]
            for _, progress, position in done:
                progress.committed = position
        if not done:
            return
        offsets = [TopicPartition(*place, position) for place, _, position in done]
        try:
            if asynchronous:
                consumer.commit(offsets=offsets, asynchronous=True)
            else:
                consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:  # then they come again, and are told from new ones by their identity
            LOG.warning("%s could not commit its progress: %s", self._name, said(error))

    def _count(self, consumer: Consumer) -> int:
        """By what the last fetches have said of the ends of the partitions."""
        found = 0
        with self._lock:
            places = {place: one.position for place, one in self._progress.items()}
        for place, position in places.items():
            topic, partition = place
            ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            if position is not None and ends is not None:
                found += max(0, ends[1] - position)
        return found

    def _ours(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for one in partitions:
            try:
                ends = consumer.get_watermark_offsets(one, timeout=WATERMARK_S)
            except KafkaException:
                ends = None
            end = ENDLESS if ends is None else ends[1]
            with self._lock:
                self._ends[one.topic, one.partition] = end
                self._progress[one.topic, one.partition] = Progress()
        self._paused = False
        self.lives += 1
        self._ready.set()

    def _handed_on(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        places = {(one.topic, one.partition) for one in partitions}
        self._commit(consumer, asynchronous=False, of=places)
        self._forget(places)

    def _taken_away(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget({(one.topic, one.partition) for one in partitions})

    def _forget(self, places: set[Place]) -> None:
        with self._lock:
            for place in places:
                self._progress.pop(place, None)

    def _failed(self, error: KafkaError) -> None:
        if error.fatal():
            self._why_anew = error.str()
        elif error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION):
            self._why_anew = f"a topic is gone: {error.str()}"
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._say("no broker can be reached")
        else:
            LOG.debug("%s: %s", self._name, error.str())
