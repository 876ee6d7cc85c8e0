"""Saves the broker events without a subscriber, and loses none for a service that subscribes later.

An event that the broker can route nowhere is returned. From then on events of that name are buffered here,
and twice a second the oldest is sent again: if it is returned too, no service was subscribed when the
buffered ones were published, and they are dropped; if it is accepted, there is a subscriber now, and the
others follow in their order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from ...core.bus import EventRecord

PROBE_S = 0.5
Then = Callable[[str], None]
Held = tuple[EventRecord, Then]
Send = Callable[[EventRecord, Callable[[str, bool], None]], bool]
"""Sends an event; calls back with the error, and whether it was returned because no queue takes it. False:
not now, and no call.
"""

LOST = "the connection to the broker was lost while it waited"


class UnroutableBuffer:
    """What is held, by the name of the event."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: dict[str, deque[Held]] = {}
        self._probing: set[str] = set()
        self.unroutable = 0

    def publish(self, event: EventRecord, then: Then) -> bool:
        held = self._held.get(event.name)
        if held is None:
            return self._send(
                event, lambda trouble, unroutable: self._sent(event.name, then, trouble, unroutable)
            )
        held.append((event, then))
        self._look_later(event.name)
        return True

    def _sent(self, name: str, then: Then, trouble: str, unroutable: bool) -> None:
        if unroutable:
            self.unroutable += 1
            self._held.setdefault(name, deque())
        then("" if unroutable else trouble)

    def _look_later(self, name: str) -> None:
        if name not in self._probing:
            self._probing.add(name)
            asyncio.get_running_loop().call_later(PROBE_S, self._probe, name)

    def _probe(self, name: str) -> None:
        held = self._held[name]
        event, then = held[0]
        waiting = len(held)

        def ended(trouble: str, unroutable: bool) -> None:
            self._probing.discard(name)
            if unroutable:
                self.unroutable += waiting
                self._done([held.popleft() for _ in range(waiting)], "")
                if held:
                    self._look_later(name)
            elif trouble:
                self._give_up(name, trouble)
            else:
                held.popleft()
                then("")
                self._follow(name)

        if not self._send(event, ended):
            self._probing.discard(name)
            self._give_up(name, LOST)

    def _follow(self, name: str) -> None:
        """A queue takes this name."""
        for event, then in self._held.pop(name):
            if not self.publish(event, then):
                then(LOST)

    def _give_up(self, name: str, trouble: str) -> None:
        """A relay sends them again."""
        self._done(list(self._held.pop(name)), trouble)

    @staticmethod
    def _done(those: list[Held], trouble: str) -> None:
        for _, then in those:
            then(trouble)
