"""What carries events between processes: makes publishers and subscribers of the broker that the blueprint
names, each by its own driver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from ...contracts.subscriptions import heard
from ...core.bus import Connection, EventBus, Handle, SendingSpan, Settle
from ...core.channel import Channel
from ...core.model import wire_name
from ..config import Config
from ..topology import Blueprint
from .context import Context

if TYPE_CHECKING:
    from ...drivers.kafka.servers import Servers
    from ...drivers.rabbitmq.bus import EventQueue

Sending = Callable[[str, str, str], SendingSpan | None]
Reject = Callable[[str, str, str, Settle], None]
Follow = Callable[[str, str], None]


class Waits(Protocol):
    """What waits at the broker for a subscriber, and how many take from there."""

    @property
    def messages(self) -> int: ...

    @property
    def consumers(self) -> int: ...


class EventSender(EventBus, Protocol):
    published: Counter[str]

    @property
    def link(self) -> Connection: ...

    async def start(self, timeout_s: float = ..., *, patient: bool = ...) -> None: ...

    async def stop(self, grace_s: float = ...) -> None: ...


class EventTaker(Protocol):
    queue: str
    service: str
    consumed: Counter[str]
    redelivered: Counter[str]

    @property
    def link(self) -> Connection: ...

    async def start(self, timeout_s: float = ..., *, patient: bool = ...) -> None: ...

    async def state(self) -> Waits: ...

    async def drain(self) -> None: ...

    async def stop(self, grace_s: float = ...) -> None: ...


class ChannelTaker(EventTaker, Protocol):
    @property
    def dead(self) -> int: ...


class Broker(Protocol):
    """One per process."""

    def publisher(self, sending: Sending | None, channels: Collection[str]) -> EventSender: ...

    def channel_publisher(self, channel: Channel, sending: Sending | None) -> EventSender: ...

    def subscriber(
        self, service: str, names: Collection[str], handle: Handle, reject: Reject
    ) -> EventTaker: ...

    def channel_subscriber(
        self, service: str, channel: Channel, handle: Handle, follow: Follow | None
    ) -> ChannelTaker: ...


def broker_of(context: Context) -> Broker:
    return _OnKafka(context) if context.blueprint.bus == "kafka" else _OnRabbitMQ(context)


class _OnRabbitMQ:
    def __init__(self, context: Context) -> None:
        self._context, self._url = context, context.config.broker_url

    def publisher(self, sending: Sending | None, channels: Collection[str]) -> EventSender:
        from ...drivers.rabbitmq.bus import Publisher

        context = self._context
        return Publisher(
            self._url,
            name=context.name,
            exchange=context.config.event_exchange,
            queues=event_queues(context.config, context.blueprint, channels),
            sending=sending,
        )

    def channel_publisher(self, channel: Channel, sending: Sending | None) -> EventSender:
        from ...drivers.rabbitmq.channels import ChannelPublisher

        return ChannelPublisher(self._url, channel, name=self._context.name, sending=sending)

    def subscriber(self, service: str, names: Collection[str], handle: Handle, reject: Reject) -> EventTaker:
        from ...drivers.rabbitmq.bus import Subscriber

        config = self._context.config
        return Subscriber(
            self._url,
            service,
            names,
            handle,
            reject,
            exchange=config.event_exchange,
            queue_type=config.queue_type,
        )

    def channel_subscriber(
        self, service: str, channel: Channel, handle: Handle, follow: Follow | None
    ) -> ChannelTaker:
        from ...drivers.rabbitmq.channels import ChannelSubscriber

        now = self._context.clock.now
        return ChannelSubscriber(self._url, service, channel, handle, now=now, follow=follow)


class _OnKafka:
    def __init__(self, context: Context) -> None:
        self._context, self._servers = context, kafka_servers(context.config)
        self._partitions = context.config.kafka_partitions

    def publisher(self, sending: Sending | None, channels: Collection[str]) -> EventSender:
        from ...drivers.kafka.bus import Publisher

        context = self._context
        topic, partitions = context.config.event_exchange, self._partitions
        return Publisher(
            self._servers, name=context.name, topic=topic, partitions=partitions, sending=sending
        )

    def channel_publisher(self, channel: Channel, sending: Sending | None) -> EventSender:
        from ...drivers.kafka.channels import ChannelPublisher

        name, partitions = self._context.name, self._partitions
        return ChannelPublisher(self._servers, channel, name=name, partitions=partitions, sending=sending)

    def subscriber(self, service: str, names: Collection[str], handle: Handle, reject: Reject) -> EventTaker:
        from ...drivers.kafka.bus import Subscriber

        topic, partitions = self._context.config.event_exchange, self._partitions
        return Subscriber(self._servers, service, names, handle, reject, topic=topic, partitions=partitions)

    def channel_subscriber(
        self, service: str, channel: Channel, handle: Handle, follow: Follow | None
    ) -> ChannelTaker:
        from ...drivers.kafka.channels import ChannelSubscriber

        return ChannelSubscriber(
            self._servers,
            service,
            channel,
            handle,
            now=self._context.clock.now,
            group=channel.groups.get(service, ""),
            partitions=self._partitions,
            follow=follow,
        )


def kafka_servers(config: Config) -> Servers:
    from ...drivers.kafka.servers import Servers

    return Servers(
        config.kafka_brokers,
        config.kafka_security_protocol,
        config.kafka_sasl_mechanism.upper(),
        config.kafka_sasl_username,
        config.kafka_sasl_password,
        config.kafka_ca_file,
    )


def event_queues(config: Config, blueprint: Blueprint, channels: Collection[str]) -> Sequence[EventQueue]:
    """Those of every service of the blueprint with subscriptions, as the policies have them. What travels
    over a channel is in none.
    """
    from ...drivers.rabbitmq.bus import event_queue

    names = [name for process in blueprint.processes for name in process.services]
    events = {name: {wire_name(kind) for kind in heard(name, blueprint.policies)} for name in names}
    return [
        event_queue(name, ours, config.queue_type, config.event_exchange)
        for name, all_of_it in events.items()
        if (ours := all_of_it.difference(channels))
    ]
