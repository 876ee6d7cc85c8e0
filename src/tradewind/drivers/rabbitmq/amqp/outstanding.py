"""Keeps published messages until the broker has confirmed them, so that the outcome of each is reported
exactly once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

EventRecord = Callable[[str], None]
Identity = tuple[
    str, str, str, str
]  # exchange, routing key, correlation id, message id: what a return brings back unchanged
Entry = tuple[EventRecord | None, EventRecord | None, Identity | None]  # of the confirm, of the return

NACKED = "the broker could not keep it"
DONE: Entry = (None, None, None)
logger = logging.getLogger(__name__)


class Outstanding:
    """By publish sequence number. Without confirms there is no success to wait for, so the oldest of `most`
    is dropped.
    """

    def __init__(self, most: int, *, confirms: bool) -> None:
        self._most, self._confirms = most, confirms
        self._entries: dict[int, Entry] = {}
        self._last = 0
        self._first = 1  # nothing before it is outstanding
        self._returned = 0  # returns come in the order of publishing
        self.on_empty: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def full(self) -> bool:
        return self._confirms and len(self._entries) >= self._most

    def add(self, then: EventRecord | None, returned: EventRecord | None, identity: Identity | None) -> None:
        last = self._last = self._last + 1
        self._entries[last] = (then, returned, identity)
        if not self._confirms:
            self._entries.pop(last - self._most, None)

    def oldest(self) -> int:
        """Its number, 0 if there is none."""
        if not self._entries:
            return 0
        while self._first not in self._entries:
            self._first += 1
        return self._first

    def settle(self, tag: int, multiple: bool, kept: bool) -> None:
        """A confirm or its opposite came."""
        if not multiple:
            found = self._entries.pop(tag, None)
            done = () if found is None else (found,)
            _tell([then for then, _, _ in done if then], "" if kept else NACKED)
        else:
            tag = min(tag or self._last, self._last)
            pop = self._entries.pop
            _tell(
                [then for seq in range(self._first, tag + 1) if (then := pop(seq, DONE)[0])],
                "" if kept else NACKED,
            )
            self._first = max(self._first, tag + 1)
        if not self._entries and self.on_empty is not None:
            self.on_empty()

    def give_back(self, identity: Identity, reason: str) -> None:
        """A mandatory message could not be routed."""
        for seq in range(max(self._first, self._returned + 1), self._last + 1):
            entry = self._entries.get(seq, DONE)
            if entry[2] == identity:
                self._returned = seq
                if self._confirms:
                    self._entries[seq] = DONE  # its confirm is still to come
                else:  # what was sent before it was routed
                    for passed in range(self._first, seq + 1):
                        self._entries.pop(passed, None)
                    self._first = seq + 1
                _tell([told for told in entry[:2] if told], reason)
                return

    def lose(self, reason: str) -> None:
        """The channel is gone: no confirm will come for what is left."""
        left, self._entries = list(self._entries.values()), {}
        self._first = self._last + 1
        _tell([then for then, _, _ in left if then], reason)
        if self.on_empty is not None:
            self.on_empty()


def _tell(those: Iterable[EventRecord], outcome: str) -> None:
    for told in those:
        try:
            told(outcome)
        except Exception:  # one callback that fails must not stop the others
            logger.exception("told of the end of a message, somebody failed")
