"""Chooses where a COMMIT waits for the disk: in a thread, so that the loop goes on, or in the loop where that
is cheaper than two threads handing a lock to each other. Measured at one order at a time: a third of the
whole CPU of a story was the hand-over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

SMALL = 64
"""Changed rows; a larger commit goes to the thread, because it is a sign of load."""
QUICK_S = 0.001
"""The longest time that a commit may block the loop. If the disk was slower lately, the thread does it."""
FORGET = 0.9


class Committing:
    """One per connection. `inline` never uses a thread: for a simulation, where threads would be chance."""

    def __init__(self, name: str, *, inline: bool = False) -> None:
        self._thread = None if inline else ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lately = QUICK_S

    def at_once(self, changes: int) -> bool:
        """Whether a commit of so many changed rows is done in the loop."""
        return self._thread is None or (changes <= SMALL and self._lately < QUICK_S)

    def here(self, commit: Callable[[], Any]) -> None:
        """Commits now, and remembers how long the disk took."""
        began = perf_counter()
        commit()
        took = perf_counter() - began
        mean = self._lately * FORGET + took * (1 - FORGET)
        # one slow commit is believed at once, a quick one only after a while
        self._lately = max(took, mean) if took > QUICK_S else mean

    def there(self, commit: Callable[[], Any]) -> asyncio.Future[None]:
        """Commits in the thread."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self.here, commit)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
