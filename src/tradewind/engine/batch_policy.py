"""Decides what goes into the next batch. As a rule all that has arrived, with all that follows from it. In a
rush, when requests come faster than their whole stories can be handled, requests go first: an accepted order
cannot be lost, and its events wait in the subscription, or in the log. A share of every batch is for what
waits, so that it always moves.
"""

from __future__ import annotations

from .inbox import InboundQueue

BATCH = 256
RUSH = 24
"""Requests in one batch: with so many, the queue is filling."""
CALM_MS = 40
"""How long a rush lasts after the last full batch."""
SLICE = 16
"""Messages of each kind that a batch of a rush takes from what waits."""
LINGER_MS = 5
"""An outcome alone waits so long for a request to share its commit with: in a trickle that saves every other
transaction.
"""
GATHER_MS = 1
"""In a rush, so long for the answers' next requests to come, before a batch is spent on what waits."""


class BatchPolicy:
    def __init__(self) -> None:
        self._rush_until = -1

    def saw(self, requests: int, now: int) -> None:
        """So many requests are in the batch that begins."""
        if requests >= RUSH:
            self._rush_until = now + CALM_MS

    def rush(self, now: int) -> bool:
        # a clock that was set back must not make the rush longer
        return now <= self._rush_until <= now + CALM_MS

    def linger_ms(self, inbound: InboundQueue, behind: bool, now: int) -> int:
        """How long to wait for company before the next batch."""
        if self.rush(now):
            return 0 if inbound.requests else GATHER_MS
        return LINGER_MS if inbound.may_linger and not behind else 0

    def share(self, requests: int, subscriptions: int, now: int) -> int:
        """Messages that the batch may take from each subscription: few where a caller waits for a reply."""
        if self.rush(now):
            return max(2, SLICE // max(1, subscriptions))
        return max(2, BATCH // max(1, subscriptions)) if requests else BATCH

    def outcomes(self, now: int) -> int:
        """Outcomes that the batch may take."""
        return SLICE if self.rush(now) else BATCH
