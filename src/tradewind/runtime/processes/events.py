"""Carries the events of one process: over our own exchange, and in the form of published systems over their
channels.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...contracts.subscriptions import heard
from ...core.bus import EventBus, EventRecord, Handle, Settle
from ...core.channel import Channel, ChannelBus
from ...core.model import wire_name
from ...drivers.rabbitmq.bus import EventQueue, Publisher, Subscriber, event_queue
from ...drivers.rabbitmq.channels import ChannelPublisher, ChannelSubscriber
from ...engine.platform import Platform
from ...observability.spans import event_sent
from ..config import Config
from ..topology import Blueprint
from . import tracing as following
from .context import Context

if TYPE_CHECKING:
    from ...drivers.rabbitmq.amqp import Link

Channels = Mapping[str, Channel]
"""By the name of the event."""


def event_queues(config: Config, blueprint: Blueprint, channels: Collection[str]) -> list[EventQueue]:
    """Those of every service of the blueprint with subscriptions, as the policies have them. What travels
    over a channel is in none.
    """
    names = [name for process in blueprint.processes for name in process.services]
    events = {name: {wire_name(kind) for kind in heard(name, blueprint.policies)} for name in names}
    return [
        event_queue(name, ours, config.queue_type, config.event_exchange)
        for name, all_of_it in events.items()
        if (ours := all_of_it.difference(channels))
    ]


class Publishers:
    """What a process publishes with. `said`: the events of its services."""

    def __init__(self, context: Context, channels: Channels, said: Collection[str]) -> None:
        config = context.config
        sending = None if context.tracer is None else partial(event_sent, context.tracer)
        self._own = Publisher(
            config.broker_url,
            name=context.name,
            exchange=config.event_exchange,
            queues=event_queues(config, context.blueprint, channels),
            sending=sending,
        )
        publishers = {
            channel.name: ChannelPublisher(config.broker_url, channel, name=context.name, sending=sending)
            for name, channel in channels.items()
            if name in said
        }
        self._channels = {
            name: publishers[channel.name] for name, channel in channels.items() if name in said
        }
        self._all: list[Publisher | ChannelPublisher] = [self._own, *publishers.values()]
        self.bus: EventBus = ChannelBus(self._own, self._channels) if self._channels else self._own

    @property
    def published(self) -> Counter[str]:
        """What the broker has confirmed, by the event's name."""
        return sum([one.published for one in self._all], Counter())

    async def start(self, deadline_s: float) -> None:
        """Errors: BrokerUnusable, where no wait can mend it."""
        for one in self._all:
            await one.start(deadline_s, patient=True)

    async def stop(self, grace_s: float) -> None:
        await asyncio.gather(*[one.stop(grace_s) for one in self._all])

    def missing(self) -> list[str]:
        return [one.link.missing for one in self._all if one.link.missing]

    def links(self) -> Mapping[str, Link]:
        channels = {f"{one.channel.name} out": one.link for one in self._channels.values()}
        return {"events out": self._own.link, **channels}


class Subscribers:
    """What brings events to the services of a process, once they have started."""

    def __init__(self, context: Context, platform: Platform, channels: Channels) -> None:
        self._context, self._platform = context, platform
        self.own: list[Subscriber] = []
        self.channels: list[ChannelSubscriber] = []
        for service, runtime in platform.runtimes.items():
            if own := runtime.heard.keys() - channels.keys():
                self.own.append(self._own(service, own))
            ours = channels.keys() & runtime.heard.keys()
            for channel in {channels[name].name: channels[name] for name in ours}.values():
                self.channels.append(self._channel(service, channel))

    @property
    def all(self) -> Sequence[Subscriber | ChannelSubscriber]:
        return [*self.own, *self.channels]

    def _own(self, service: str, names: Collection[str]) -> Subscriber:
        config = self._context.config
        return Subscriber(
            config.broker_url,
            service,
            names,
            self._handle(service, f"{config.event_exchange}.{service}"),
            partial(self._platform.keep_unreadable, service),
            exchange=config.event_exchange,
            queue_type=config.queue_type,
        )

    def _channel(self, service: str, channel: Channel) -> ChannelSubscriber:
        context = self._context
        handle, tracer = self._handle(service, channel.name), context.tracer
        follow = None if tracer is None else tracer.remember
        url = context.config.broker_url
        return ChannelSubscriber(url, service, channel, handle, now=context.clock.now, follow=follow)

    def _handle(self, service: str, queue: str) -> Handle:
        platform, tracer = self._platform, self._context.tracer

        def handle(event: EventRecord, settle: Settle, again: bool) -> None:
            platform.receive(event, service, settle, again=again)

        return handle if tracer is None else following.events(tracer, queue, handle)

    async def start(self, deadline_s: float) -> None:
        """Errors: BrokerUnusable, where no wait can mend it."""
        for one in self.all:
            await one.start(deadline_s, patient=True)

    async def drain(self) -> None:
        await asyncio.gather(*[one.drain() for one in self.all], return_exceptions=True)

    async def stop(self, grace_s: float) -> None:
        await asyncio.gather(*[one.stop(grace_s) for one in self.all])

    def dead(self) -> dict[str, float]:
        return {one.queue: float(one.dead) for one in self.channels}

    def missing(self, *, channels_alone: bool = False) -> list[str]:
        of = self.channels if channels_alone else self.all
        return [one.link.missing for one in of if one.link.missing]

    def links(self) -> Mapping[str, Link]:
        own = {f"{one.service} events in": one.link for one in self.own}
        return own | {f"{one.queue} in": one.link for one in self.channels}
