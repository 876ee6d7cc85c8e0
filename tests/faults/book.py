"""Writes down what clients asked and heard: the other half of the audit, since the shop's own books cannot
know what it promised.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Wish:
    """A request that changes something. `mark` is found in its row: product, order or SKU; `key` is empty
    where there is none.
    """

    kind: str
    mark: str
    key: str
    body: dict[str, Any]
    tries: int = 0
    began: float = 0.0
    ended: float = 0.0
    status: int = 0
    """Of its last answer; 0: nobody knows what became of it."""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Of what was accepted."""
        return str(self.data.get("id", "")) if self.status == 201 else ""


@dataclass
class Watch:
    """What is heard from `since` on. Only attempts that began after `back` show that the shop serves
    again.
    """

    since: float
    back: float = float("inf")
    firsts: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    after: Counter[str] = field(default_factory=Counter)


class Book:
    """Used by all threads. `kinds`: of the requests that must succeed again after a trouble."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(kinds)
        self.wishes: list[Wish] = []
        self.strange: list[str] = []
        """Answers that no client may get."""
        self.answers: Counter[str] = Counter()
        self.slowest_s, self.slowest = 0.0, ""
        self.longest_retry_after = 0
        self._watch: Watch | None = None
        self._changed = threading.Condition()

    def asked(self, wish: Wish) -> None:
        with self._changed:
            self.wishes.append(wish)

    def heard(self, kind: str, status: int, sent: float, *, retry_after: int = 0, where: str = "") -> None:
        """One attempt. `status` 0: the connection was lost."""
        now = time.monotonic()
        with self._changed:
            self.answers[f"{kind} {status}"] += 1
            self.longest_retry_after = max(self.longest_retry_after, retry_after)
            if now - sent > self.slowest_s:
                self.slowest_s, self.slowest = now - sent, f"{kind} {status} {where}"
            watch = self._watch
            if watch is not None and sent >= watch.since:
                watch.answers[f"{kind} {status}"] += 1
                watch.slowest_s = max(watch.slowest_s, now - sent)
                if sent >= watch.back and status in (200, 201):
                    watch.after[kind] += 1
                    watch.firsts.setdefault(kind, now - watch.back)
                self._changed.notify_all()

    def odd(self, what: str) -> None:
        with self._changed:
            self.strange.append(what)

    def watch(self) -> Watch:
        """From now on, in place of the last one."""
        with self._changed:
            self._watch = Watch(time.monotonic())
            return self._watch

    def back(self) -> None:
        """What was broken is mended."""
        with self._changed:
            assert self._watch is not None
            self._watch.back = time.monotonic()

    def refusals(self, number: int, seconds: float) -> bool:
        """Waits for so many answers 503. False: they did not come in time."""

        def enough() -> bool:
            assert self._watch is not None
            return (
                sum(count for name, count in self._watch.answers.items() if name.endswith(" 503")) >= number
            )

        with self._changed:
            return self._changed.wait_for(enough, seconds)

    def served(self, each: int, seconds: float) -> dict[str, float]:
        """Waits until so many of each kind have succeeded since `back`; how long the first took. Errors:
        AssertionError.
        """
        watch = self._watch
        assert watch is not None
        with self._changed:
            done = self._changed.wait_for(
                lambda: all(watch.after[kind] >= each for kind in self._kinds), seconds
            )
            assert done, (
                f"not served again within {seconds:g} s: {dict(watch.after)} of {each}; answers: "
                f"{dict(watch.answers)}"
            )
            return {kind: round(watch.firsts[kind], 2) for kind in self._kinds}
