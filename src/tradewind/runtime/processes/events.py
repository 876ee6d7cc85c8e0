"""Carries the events of one process: over our own exchange, and in the form of published systems over their
channels.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from ...core.bus import Connection, EventBus, EventRecord, Handle, Settle
from ...core.channel import Channel, ChannelBus
from ...engine.platform import Platform
from ...observability.spans import event_sent
from . import tracing as following
from .brokers import ChannelTaker, EventSender, EventTaker, broker_of
from .context import Context

Channels = Mapping[str, Channel]
"""By the name of the event."""


class Publishers:
    """What a process publishes with. `said`: the events of its services."""

    def __init__(self, context: Context, channels: Channels, said: Collection[str]) -> None:
        system, tracer = context.blueprint.bus, context.tracer
        sending = None if tracer is None else partial(event_sent, tracer, system=system)
        broker = broker_of(context)
        self._own = broker.publisher(sending, channels)
        publishers = {
            channel.name: broker.channel_publisher(channel, sending)
            for name, channel in channels.items()
            if name in said
        }
        self._by_name = publishers
        self._channels = {
            name: publishers[channel.name] for name, channel in channels.items() if name in said
        }
        self._all: list[EventSender] = [self._own, *publishers.values()]
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

    def links(self) -> Mapping[str, Connection]:
        channels = {f"{name} out": one.link for name, one in self._by_name.items()}
        return {"events out": self._own.link, **channels}


class Subscribers:
    """What brings events to the services of a process, once they have started."""

    def __init__(self, context: Context, platform: Platform, channels: Channels) -> None:
        self._context, self._platform = context, platform
        self._broker = broker_of(context)
        self.own: list[EventTaker] = []
        self.channels: list[ChannelTaker] = []
        for service, runtime in platform.runtimes.items():
            if own := runtime.heard.keys() - channels.keys():
                self.own.append(self._own(service, own))
            ours = channels.keys() & runtime.heard.keys()
            for channel in {channels[name].name: channels[name] for name in ours}.values():
                self.channels.append(self._channel(service, channel))

    @property
    def all(self) -> Sequence[EventTaker]:
        return [*self.own, *self.channels]

    def _own(self, service: str, names: Collection[str]) -> EventTaker:
        handle = self._handle(service, f"{self._context.config.event_exchange}.{service}")
        reject = partial(self._platform.keep_unreadable, service)
        return self._broker.subscriber(service, names, handle, reject)

    def _channel(self, service: str, channel: Channel) -> ChannelTaker:
        handle, tracer = self._handle(service, channel.name), self._context.tracer
        follow = None if tracer is None else tracer.remember
        return self._broker.channel_subscriber(service, channel, handle, follow)

    def _handle(self, service: str, queue: str) -> Handle:
        platform, tracer = self._platform, self._context.tracer

        def handle(event: EventRecord, settle: Settle, again: bool) -> None:
            platform.receive(event, service, settle, again=again)

        bus = self._context.blueprint.bus
        return handle if tracer is None else following.events(tracer, queue, handle, bus)

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

    def links(self) -> Mapping[str, Connection]:
        own = {f"{one.service} events in": one.link for one in self.own}
        return own | {f"{one.queue} in": one.link for one in self.channels}
