"""How long a call may take and when it is tried again, in one place, because these figures are published."""

from __future__ import annotations

import msgspec


class Preset(msgspec.Struct, frozen=True):
    """Seconds. There are as many tries after the first as there are `delays`; each is varied by half of it,
    up or down.
    """

    timeout_s: float
    """One attempt."""
    delays: tuple[float, ...]
    """The wait before each further attempt: `initial · 2ⁿ`."""
    deadline_s: float
    """All attempts and waits together; an attempt has what is left of it, if that is less than its
    timeout.
    """


def backing_off(timeout_s: float, retries: int, initial_s: float) -> Preset:
    """A preset as it is published; its deadline is what these figures add up to."""
    delays = tuple(initial_s * 2**n for n in range(retries))
    return Preset(timeout_s, delays, timeout_s * (retries + 1) + sum(delays))


READ = backing_off(5.0, 3, 0.3)
"""5,000 ms; again after 300, 600 and 1,200 ms."""
WRITE = backing_off(10.0, 1, 0.5)
"""10,000 ms; again after 500 ms."""
