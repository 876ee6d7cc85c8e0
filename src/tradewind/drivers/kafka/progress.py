"""How far a partition is done. Offsets are settled in any order; what is committed is the prefix that has no
gap, so that a crash repeats some and skips none.
"""

from __future__ import annotations

from collections import deque


class Progress:
    """Of one partition, as long as it is ours."""

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._settled: set[int] = set()
        self._next: int | None = None
        self.committed: int | None = None

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._open) - len(self._settled)

    def take(self, offset: int) -> None:
        """In the order of their offsets."""
        self._open.append(offset)
        self._next = offset + 1

    def settle(self, offset: int) -> None:
        self._settled.add(offset)
        while self._open and self._open[0] in self._settled:
            self._settled.discard(self._open.popleft())

    @property
    def position(self) -> int | None:
        """The offset to begin with after a crash; None before the first record."""
        return self._open[0] if self._open else self._next
