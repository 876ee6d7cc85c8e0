"""One channel of the hospital in a form of others, on either driver, and somebody outside who knows neither us
nor our ids.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.engine.hospital_messages import Noted
from tests.support.kafka import delete_topics, server_brokers
from tests.support.queues import Outside, do
from tradewind.core.bus import EventBus, EventRecord, Handle, Settle
from tradewind.core.channel import Channel, Undeliverable
from tradewind.drivers.kafka.channels import ChannelPublisher as KafkaPublisher
from tradewind.drivers.kafka.channels import ChannelSubscriber as KafkaSubscriber
from tradewind.drivers.kafka.channels import counted
from tradewind.drivers.kafka.consuming import headers
from tradewind.drivers.kafka.servers import Servers
from tradewind.drivers.local.event_bus import (
    LocalBroker,
    LocalChannelPublisher,
    LocalChannelSubscriber,
    Stored,
)
from tradewind.drivers.rabbitmq.amqp import Delivery, Properties
from tradewind.drivers.rabbitmq.channels import ChannelPublisher, ChannelSubscriber

AT = 1_800_000_000_000
FIRST_SEEN = "2027-01-15T08:00:00.000Z"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PATIENCE_S = 30.0


class Message(NamedTuple):
    body: bytes
    headers: dict[str, Any]
    properties: Any = None


class _Note(msgspec.Struct):
    who: str
    text: str


def _encode(event: EventRecord) -> bytes:
    noted = msgspec.json.decode(event.body, type=Noted)
    return msgspec.json.encode(_Note(noted.patient, noted.text))


def _decode(body: bytes) -> Noted:
    try:
        note = msgspec.json.decode(body, type=_Note)
    except (msgspec.MsgspecError, UnicodeError):
        raise Undeliverable("no note") from None
    return Noted(note.who, note.text)


def channel(queue: str, *, declared: bool = True) -> Channel:
    return Channel(
        event=Noted,
        published="ward.note",
        name=queue,
        encode=_encode,
        decode=_decode,
        shape=_Note,
        declared=declared,
    )


def noted(patient: str, text: str, trace: str = "") -> EventRecord:
    body = msgspec.json.encode(Noted(patient, text)).decode()
    return EventRecord("desk", "one-id", "Noted", patient, body, trace, 1, AT)


async def until(true: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}") from None


class Deliveries:
    """What a subscriber was given; `settle` is what a handler would do with the next ones, None: nothing."""

    def __init__(self) -> None:
        self.events: list[tuple[EventRecord, bool]] = []
        self.settle: Callable[[EventRecord], str | None] = lambda event: ""

    def __call__(self, event: EventRecord, settle: Settle, again: bool) -> None:
        self.events.append((event, again))
        if (reason := self.settle(event)) is not None:
            settle(reason)

    @property
    def texts(self) -> list[str]:
        return [event.decoded.text for event, _ in self.events if isinstance(event.decoded, Noted)]


class Driver(Protocol):
    """`queue` is the channel's, `declared` whether by us; somebody outside sends to it and looks into it and
    its dead letters.
    """

    queue: str
    declared: bool

    async def publisher(self) -> EventBus: ...

    async def subscriber(self, handle: Handle) -> Any: ...

    async def stop(self, subscriber: Any) -> None: ...

    def missing(self, of: Any) -> str: ...

    async def declare(self, **arguments: Any) -> None: ...

    async def delete(self) -> None: ...

    async def send(self, body: bytes, **headers: Any) -> None: ...

    async def take(self, queue: str = "") -> list[Message]:
        """Everything that waits there, which is gone then."""
        ...


class OnRabbit:
    def __init__(self, url: str, queue: str, outside: Outside) -> None:
        self._url, self.queue, self._link, self.declared = url, queue, outside.link, True
        self._open: list[ChannelPublisher | ChannelSubscriber] = []

    async def publisher(self) -> EventBus:
        made = ChannelPublisher(self._url, channel(self.queue, declared=self.declared), name="desk")
        self._open.append(made)
        await made.start(patient=True)
        return made

    async def subscriber(self, handle: Handle) -> Any:
        made = ChannelSubscriber(
            self._url, "ward", channel(self.queue, declared=self.declared), handle, now=lambda: AT
        )
        self._open.append(made)
        await made.start(patient=True)
        return made

    async def stop(self, subscriber: Any) -> None:
        await subscriber.stop(0.1)

    async def close(self) -> None:
        for one in self._open:
            await one.stop(0.1)

    def missing(self, of: Any) -> str:
        return str(of.link.missing)

    async def declare(self, **arguments: Any) -> None:
        await self._link.declare_queue(self.queue, durable=True, arguments=arguments)

    async def delete(self) -> None:
        from pamqp import commands

        await do(self._link, commands.Queue.Delete(queue=self.queue), "Queue.DeleteOk")

    async def send(self, body: bytes, **headers: Any) -> None:
        self._link.publish("", self.queue, body, Properties(headers=headers or None))

    async def take(self, queue: str = "") -> list[Message]:
        found: list[Delivery] = []
        state = await self._link.declare_queue(queue or self.queue, passive=True)
        tag = await self._link.consume(queue or self.queue, found.append, no_ack=True)
        await until(lambda: len(found) >= state.messages, f"the {state.messages} messages of {queue}")
        await self._link.cancel(tag)
        return [Message(one.body, one.properties.headers or {}, one.properties) for one in found]


class OnKafka:
    """`take` begins where the last one ended: nothing is ever gone there."""

    def __init__(self, queue: str) -> None:
        self.queue, self.declared = queue, True
        self._servers = Servers(server_brokers())
        self._producer = Producer({"bootstrap.servers": self._servers.brokers})
        self._taken: Counter[tuple[str, int]] = Counter()
        self._open: list[KafkaPublisher | KafkaSubscriber] = []

    async def publisher(self) -> EventBus:
        made = KafkaPublisher(
            self._servers, channel(self.queue, declared=self.declared), name="desk", partitions=2
        )
        self._open.append(made)
        await made.start(1.0 if not self.declared else 10.0, patient=True)
        return made

    async def subscriber(self, handle: Handle) -> Any:
        made = KafkaSubscriber(
            self._servers,
            "ward",
            channel(self.queue, declared=self.declared),
            handle,
            now=lambda: AT,
            partitions=2,
        )
        self._open.append(made)
        await made.start(1.0 if not self.declared else 10.0, patient=True)
        return made

    async def stop(self, subscriber: Any) -> None:
        await subscriber.stop(0.1)

    async def close(self) -> None:
        for one in self._open:
            await one.stop(0.1)
        await asyncio.to_thread(delete_topics, self.queue, f"{self.queue}.dead")

    def missing(self, of: Any) -> str:
        return str(of.link.missing)

    async def declare(self, **_arguments: Any) -> None:
        admin = AdminClient({"bootstrap.servers": self._servers.brokers})
        made = admin.create_topics([NewTopic(self.queue, 1, 1)])[self.queue]
        await asyncio.to_thread(made.result)
        del admin  # it must live until then

    async def delete(self) -> None:
        await asyncio.to_thread(delete_topics, self.queue)

    async def send(self, body: bytes, **beside: Any) -> None:
        told: dict[str, str | bytes | None] = {name: str(value) for name, value in beside.items()}
        self._producer.produce(self.queue, body, headers=told)
        await asyncio.to_thread(self._producer.flush, PATIENCE_S)

    async def take(self, queue: str = "") -> list[Message]:
        return await asyncio.to_thread(self._take, queue or self.queue)

    def _take(self, topic: str) -> list[Message]:
        consumer = Consumer({"bootstrap.servers": self._servers.brokers, "group.id": f"{topic}.taken"})
        try:
            places, left = [], 0
            for partition in consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions:
                ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_S)
                assert ends is not None
                if ends[1] > (first := self._taken[topic, partition]):
                    places.append(TopicPartition(topic, partition, first))
                    left += ends[1] - first
                    self._taken[topic, partition] = ends[1]
            consumer.assign(places)
            found = consumer.consume(left, PATIENCE_S) if left else []
            found.sort(key=lambda one: one.timestamp()[1])
            return [Message(one.value() or b"", counted(headers(one))) for one in found]
        finally:
            consumer.close()


class InMemory:
    def __init__(self, queue: str) -> None:
        self.queue, self._broker, self.declared = queue, LocalBroker(), True
        self._waiting: list[LocalChannelSubscriber] = []

    async def publisher(self) -> EventBus:
        return LocalChannelPublisher(self._broker, channel(self.queue, declared=self.declared))

    async def subscriber(self, handle: Handle) -> Any:
        made = LocalChannelSubscriber(
            self._broker, channel(self.queue, declared=self.declared), handle, now=lambda: AT
        )
        made.start()
        if made.missing:
            self._waiting.append(made)
        return made

    async def stop(self, subscriber: Any) -> None:
        subscriber.stop()

    async def close(self) -> None: ...

    def missing(self, of: Any) -> str:
        for one in self._waiting:
            if one.missing:
                one.start()
        return str(of.missing)

    async def declare(self, **arguments: Any) -> None:
        self._broker.declare(self.queue, arguments)

    async def delete(self) -> None:
        del self._broker.queues[self.queue]

    async def send(self, body: bytes, **headers: Any) -> None:
        assert self._broker.send(self.queue, Stored(body, headers))

    async def take(self, queue: str = "") -> list[Message]:
        ready = self._broker.queues[queue or self.queue].ready
        found = [Message(one.body, dict(one.headers)) for one in ready]
        ready.clear()
        return found
