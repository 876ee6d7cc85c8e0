"""Holds what has arrived until its batch, and what a batch that failed gives back. Bounded: who comes when it
is full is told at once.
"""

from __future__ import annotations

from collections import deque

from .envelope import Envelope, Origin, refusal, tell

QUEUE = 20_000
PATIENCE_MS = 10_000
FEW = 16


class InboundQueue:
    """`requests` come from outside and can be refused; `internal` are outcomes and consultations, which were
    already accepted.
    """

    def __init__(self) -> None:
        self.requests: deque[Envelope] = deque()
        self.internal: deque[Envelope] = deque()

    def put(self, envelope: Envelope) -> None:
        """Behind what is there."""
        (self.requests if envelope.origin is Origin.REQUEST else self.internal).append(envelope)

    @property
    def full(self) -> bool:
        return len(self.requests) >= QUEUE

    @property
    def may_linger(self) -> bool:
        """A few outcomes and nobody who waits for an answer."""
        return not self.requests and 0 < len(self.internal) < FEW

    def __bool__(self) -> bool:
        return bool(self.requests or self.internal)

    def take(self, limit: int, outcomes: int, now: int) -> list[Envelope]:
        """The next messages, up to so many `outcomes` first, then up to `limit` requests; a limit of 1 is one
        in all.
        """
        batch = [self.internal.popleft() for _ in range(min(len(self.internal), outcomes))]
        if not batch or limit > 1:
            batch += [self.requests.popleft() for _ in range(min(len(self.requests), limit))]
        for envelope in batch:
            envelope.at = now
        return batch

    def give_back(self, batch: list[Envelope], now: int) -> None:
        """Puts messages back in front, in their order. Requests that have waited too long are answered, also
        those behind them.
        """
        for envelope in reversed(batch):
            envelope.reply, envelope.tried = None, True
            (self.requests if envelope.origin is Origin.REQUEST else self.internal).appendleft(envelope)
        while self.requests and now - self.requests[0].first_at > PATIENCE_MS:
            self._refuse(self.requests.popleft())

    def refuse_all(self) -> None:
        """We leave. What is not a request comes again from its row."""
        for envelope in (*self.internal, *self.requests):
            self._refuse(envelope)
        self.internal.clear()
        self.requests.clear()

    @staticmethod
    def _refuse(envelope: Envelope) -> None:
        tell(
            envelope,
            refusal(
                503,
                "store_unavailable",
                "This could not be stored in time. Ask again, under the same key.",
                retry_after=5,
            ),
        )
