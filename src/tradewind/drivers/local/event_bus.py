"""Implements the event bus and channels in the memory of one process: what a broker promises its clients,
without one. For tests and simulations; services that share a process hear each other through the log.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ...core.bus import EventRecord, Handle
from ...core.channel import Channel, Undeliverable, dead_headers, published_headers
from ...core.model import wire_name

NO_QUEUE = "no such queue"


class Stored(msgspec.Struct, eq=False):
    """A message in a queue. `attempts`: how often it was delivered."""

    body: bytes
    headers: Mapping[str, Any]
    message_id: str = ""
    type: str = ""
    attempts: int = 0


class Queue:
    """First in, first out. What a consumer held when it left is delivered again."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = dict(arguments)
        self.ready: deque[Stored] = deque()
        self.consumers: list[Callable[[Stored], None]] = []

    def put(self, *messages: Stored) -> None:
        self.ready.extend(messages)
        asyncio.get_running_loop().call_soon(self.deliver)

    def deliver(self) -> None:
        while self.ready and self.consumers:
            message = self.ready.popleft()
            message.attempts += 1
            self.consumers.append(taker := self.consumers.pop(0))  # in turn
            taker(message)


class LocalBroker:
    """Queues by name, and the bindings of our own events, by the name of an event."""

    def __init__(self) -> None:
        self.queues: dict[str, Queue] = {}
        self.bindings: dict[str, set[str]] = {}

    def declare(self, name: str, arguments: Mapping[str, Any] | None = None) -> str:
        """Why it cannot be used; empty: it can."""
        wanted = dict(arguments or {})
        queue = self.queues.setdefault(name, Queue(wanted))
        differ = sorted(
            key for key in {*wanted, *queue.arguments} if wanted.get(key) != queue.arguments.get(key)
        )
        return f"the queue {name} exists with another {', '.join(differ)}" if differ else ""

    def prepare(self, channel: Channel) -> str:
        """As `declare`, for a channel."""
        if channel.declared:
            return self.declare(channel.name, channel.arguments)
        return "" if channel.name in self.queues else f"{NO_QUEUE}: {channel.name}"

    def send(self, queue: str, message: Stored) -> bool:
        """False: there is no such queue."""
        found = self.queues.get(queue)
        if found is not None:
            found.put(message)
        return found is not None


class LocalPublisher:
    """Implements `core.bus.EventBus` for our own events. One that no service takes is done with."""

    up = True

    def __init__(self, broker: LocalBroker) -> None:
        self._broker = broker

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        headers = {"key": event.key, "source": event.source, "seq": event.seq, "at": event.at}
        for queue in self._broker.bindings.get(event.name, ()):
            stored = Stored(event.body.encode(), {**headers, "trace": event.trace}, event.id, event.name)
            self._broker.send(queue, stored)
        asyncio.get_running_loop().call_soon(then, "")
        return True


class LocalChannelPublisher:
    """Implements `core.bus.EventBus` for the event of a channel."""

    def __init__(self, broker: LocalBroker, channel: Channel) -> None:
        self._broker, self.channel = broker, channel
        self.missing = ""
        self._declare()

    def _declare(self) -> None:
        self.missing = self._broker.prepare(self.channel)

    @property
    def up(self) -> bool:
        if self.missing:
            self._declare()
        return not self.missing

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        if not self.up:
            return False
        channel = self.channel
        try:
            body = channel.encode(event)
        except (msgspec.MsgspecError, ValueError):
            return False
        stored = Stored(body, published_headers(event.key, event.trace), event.id, channel.published)
        trouble = "" if self._broker.send(channel.name, stored) else NO_QUEUE
        if trouble:
            self._declare()
        asyncio.get_running_loop().call_soon(then, trouble)
        return True


class _Consumer:
    """Holds what is delivered until it is settled; `stop` gives it back."""

    def __init__(self, broker: LocalBroker, queue: str) -> None:
        self._broker, self.queue = broker, queue
        self._held: list[Stored] = []
        self.consumed: Counter[str] = Counter()

    def _start(self) -> None:
        found = self._broker.queues[self.queue]
        found.consumers.append(self._hold)
        asyncio.get_running_loop().call_soon(found.deliver)

    def _hold(self, message: Stored) -> None:
        self._held.append(message)
        self._take(message)

    def _take(self, message: Stored) -> None:
        raise NotImplementedError

    def _ack(self, message: Stored) -> None:
        if message in self._held:
            self._held.remove(message)

    def drain(self) -> None:
        """Takes no more deliveries; those under way are finished by their handlers."""
        queue = self._broker.queues.get(self.queue)
        if queue is not None and self._hold in queue.consumers:
            queue.consumers.remove(self._hold)

    def stop(self, grace_s: float = 0.0) -> None:
        """Gives back what is not settled, in front of the others."""
        self.drain()
        queue = self._broker.queues.get(self.queue)
        held, self._held = self._held, []
        if queue is not None and held:
            queue.ready.extendleft(reversed(held))
            asyncio.get_running_loop().call_soon(queue.deliver)


class LocalSubscriber(_Consumer):
    """The subscription of one service to our own events."""

    def __init__(self, broker: LocalBroker, service: str, names: Iterable[str], handle: Handle) -> None:
        super().__init__(broker, f"events.{service}")
        self._names, self.handle = tuple(names), handle

    def start(self) -> None:
        self._broker.declare(self.queue)
        for name in self._names:
            self._broker.bindings.setdefault(name, set()).add(self.queue)
        self._start()

    def _take(self, message: Stored) -> None:
        headers = message.headers
        event = EventRecord(
            str(headers.get("source", "")),
            message.message_id,
            message.type,
            str(headers.get("key", "")),
            message.body.decode(),
            str(headers.get("trace", "")),
            int(headers.get("seq", 0)),
            int(headers.get("at", 0)),
        )
        self.consumed[event.name] += 1
        self.handle(event, lambda reason: self._ack(message), message.attempts > 1)


class LocalChannelSubscriber(_Consumer):
    """The subscription of one service to one channel."""

    def __init__(
        self, broker: LocalBroker, channel: Channel, handle: Handle, *, now: Callable[[], int]
    ) -> None:
        super().__init__(broker, channel.name)
        self.channel, self.handle, self._now = channel, handle, now
        self.missing = "not started"

    def start(self) -> None:
        """Where the queue has other arguments `missing` says which; start again once it is gone."""
        self.missing = self._broker.prepare(self.channel)
        if not self.missing:
            self._broker.declare(self.channel.dead)
            self._start()

    def _take(self, message: Stored) -> None:
        self.consumed[wire_name(self.channel.event)] += 1

        def settle(reason: str) -> None:
            if reason and message in self._held:
                headers = dead_headers(message.headers, reason, message.attempts, self._now())
                self._broker.declare(self.channel.dead)
                self._broker.send(self.channel.dead, Stored(message.body, headers, message.message_id))
            self._ack(message)

        try:
            event = self.channel.read(message.body, message.headers)
        except Undeliverable as error:
            settle(str(error))
            return
        self.handle(event, settle, message.attempts > 1)
