"""Decides what goes into the next batch. As a rule all that has arrived, with all that follows from it. In a
rush, when requests come faster than their whole stories can be handled, requests go first: an accepted order
cannot be lost, and its events wait in the subscription, or in the log. A share of every batch is for what
waits, so that it always moves; the share is bounded, so that no request waits for a long batch.
"""

from __future__ import annotations

from .inbox import InboundQueue

BATCH = 256
RUSH = 24
"""Requests in one batch: with so many, the queue is filling."""
CALM_MS = 40
"""How long a rush lasts after the end of the last full batch."""
SHARE = 1.5
"""Messages that a batch takes of what waits, for each request in it."""
SLICE = 32
"""As many at least, while requests come."""
WAITING = 1_024
"""As many where none comes: a request that comes meanwhile waits for all of them."""
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
        """So many requests are in the batch that begins, or were in the one that has ended: a batch may take
        longer than a rush lasts.
        """
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

    def waiting(self, requests: int, now: int) -> int:
        """Messages that the batch may take of what waits: outcomes first, then events."""
        if requests or self.rush(now):
            return max(SLICE, int(requests * SHARE))
        return WAITING
