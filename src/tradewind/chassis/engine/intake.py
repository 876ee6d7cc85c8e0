"""Holds what has arrived until its batch, and what a batch that failed gives back. Bounded: who comes when it is full is told at once."""

from __future__ import annotations

from collections import deque

from .incoming import Incoming, Origin, refusal

QUEUE = 20_000
PATIENCE_MS = 10_000
FEW = 16


class Intake:
    """`requests` come from outside and can be refused; `internal` are outcomes and consultations, which were already accepted."""

    def __init__(self) -> None:
        self.requests: deque[Incoming] = deque()
        self.internal: deque[Incoming] = deque()

    @property
    def full(self) -> bool:
        return len(self.requests) >= QUEUE

    @property
    def may_linger(self) -> bool:
        """A few outcomes and nobody who waits for an answer."""
        return not self.requests and 0 < len(self.internal) < FEW

    def __bool__(self) -> bool:
        return bool(self.requests or self.internal)

    def take(self, limit: int, outcomes: int, now: int) -> list[Incoming]:
        """The next messages, up to so many `outcomes` first, then up to `limit` requests; a limit of 1 is one in all."""
        batch = [self.internal.popleft() for _ in range(min(len(self.internal), outcomes))]
        if not batch or limit > 1:
            batch += [self.requests.popleft() for _ in range(min(len(self.requests), limit))]
        for incoming in batch:
            incoming.at = now
        return batch

    def give_back(self, batch: list[Incoming], now: int) -> None:
        """Puts messages back in front, in their order. A request that has waited too long is answered instead."""
        for incoming in reversed(batch):
            incoming.reply = None
            if incoming.origin is not Origin.REQUEST:
                self.internal.appendleft(incoming)
            elif now - incoming.first_at <= PATIENCE_MS:
                self.requests.appendleft(incoming)
            elif incoming.deliver is not None:
                incoming.deliver(refusal(503, "store_unavailable", "The store cannot take this now; nothing was done.", retry_after=5))
