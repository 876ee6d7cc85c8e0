"""Numbers records without a statement for each: a block is reserved before a batch, in a commit of its own.

So no copy of a service waits for another, and a crash loses at most what is left of its blocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from ..core.model import Message, Request
from ..core.store import Store, StoreUnavailable
from .inbox import Envelope

BLOCK = 100
"""The smallest block; one under load has the numbers of a few batches."""
BATCHES = 4


class Numbers:
    """What this process may still give of one series. `kinds`: the messages that need a number each."""

    __slots__ = ("_asked", "_blocks", "_counters", "_end", "_left", "_next", "_series", "_spare")

    def __init__(self, counters: sa.Table, series: str, kinds: Iterable[type[Message]]) -> None:
        kinds = frozenset(kinds)
        self._counters, self._series = counters, series
        self._asked = frozenset([kind for kind in kinds if issubclass(kind, Request)])
        self._next = self._end = self._left = 0
        self._blocks: deque[tuple[int, int]] = deque()
        # a batch is known by its requests alone: its events come while it is decided
        self._spare = 1 if kinds - self._asked else 0

    async def ensure(self, store: Store, taken: Sequence[Envelope]) -> None:
        """There are enough for these requests, and for as many events as there were before. Errors:
        StoreUnavailable.
        """
        if self._left >= len(taken) + self._spare:
            return
        needed = sum([type(envelope.message) in self._asked for envelope in taken]) + self._spare
        if self._left < needed:
            count = max(BLOCK, BATCHES * needed)
            first = await store.reserve(self._counters, self._series, count)
            self._blocks.append((first, first + count))
            self._left += count

    def peek(self) -> int:
        """The next one. Errors: StoreUnavailable, when more events need one than was foreseen: the batch is
        decided anew with twice as many.
        """
        if self._next == self._end:
            if not self._blocks:
                self._spare = 2 * self._spare or 1
                raise StoreUnavailable(f"the block of {self._series} is used up")
            self._next, self._end = self._blocks.popleft()
        return self._next

    def take(self) -> None:
        """What was peeked is used. It stays so when the batch is undone: its commit may have happened."""
        self._next += 1
        self._left -= 1
