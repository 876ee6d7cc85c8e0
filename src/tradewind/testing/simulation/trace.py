"""Records the events of a schedule, so that two runs can be compared and a failure can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from .virtual import VirtualClock

MOST_LINES = 200


class Trace:
    """`counts` is how often each kind of thing happened."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._entries: list[tuple[float, str, str, str]] = []
        self.counts: dict[str, int] = {}

    def note(self, what: str, about: str = "", says: str = "") -> None:
        """`about` is the id or the claim that it concerns; empty where it concerns all."""
        self._entries.append((self._clock.now, what, about, says))
        self.counts[what] = self.counts.get(what, 0) + 1

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def digest(self, rows: Iterable[Any]) -> str:
        """The same for two runs only if everything happened at the same moments and left the same rows."""
        digest = hashlib.blake2b(digest_size=16)
        for entry in self._entries:
            digest.update(repr(entry).encode())
        for row in rows:
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def story(self, about: set[str]) -> list[str]:
        """The events that concern all, and those of the named ids; without names, all events."""
        told = [
            f"{at:12.4f}s  {what:<22} {whom:<36} {says}".rstrip()
            for at, what, whom, says in self._entries
            if not about or not whom or whom in about
        ]
        left_out = len(told) - MOST_LINES
        return told if left_out <= 0 else [f"… {left_out} earlier lines", *told[-MOST_LINES:]]
