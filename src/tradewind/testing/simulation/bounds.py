"""Makes the engine's bounds so small that a small shop meets them: what only happens in a rush of thousands
happens here with five.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...engine import activities, processor, retention, subscriptions, unit_of_work
from ...engine import batch_policy as batch_policy
from .weather import Weather

# module, name, and what it may be instead
SMALL: tuple[tuple[Any, str, tuple[int, ...]], ...] = (
    (processor, "BATCH", (1, 2, 5)),
    (processor, "CHAIN", (1, 3, 10)),
    (batch_policy, "WAITING", (2, 5)),
    (batch_policy, "RUSH", (1, 2, 5)),
    (batch_policy, "SLICE", (1, 4)),
    (subscriptions, "TAIL", (1, 3)),
    (unit_of_work, "MOST", (1, 4)),
    (activities, "AT_ONCE", (1, 3)),
    (activities, "WAITING", (10, 20)),
    (retention, "ROWS", (1, 10)),
)


@contextmanager
def narrowed(weather: Weather) -> Iterator[None]:
    """For one schedule, in which some of the bounds are small."""
    before = [getattr(module, name) for module, name, _ in SMALL]
    try:
        for module, name, values in SMALL:
            if weather.narrow and weather.random.random() < 0.6:
                setattr(module, name, weather.random.choice(values))
        yield
    finally:
        for (module, name, _), value in zip(SMALL, before, strict=True):
            setattr(module, name, value)
