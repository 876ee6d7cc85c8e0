"""The caches that the suite runs on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from tests.drivers.clocks import Hand
from tradewind.core.cache import Cache
from tradewind.drivers.local.cache import LocalCache


class Caches(NamedTuple):
    """`key` makes a key that no other test has; `passes` lets so many ms pass."""

    cache: Cache
    key: Callable[[str], str]
    passes: Callable[[int], Awaitable[None]]


@pytest.fixture
def caches() -> Caches:
    clock = Hand()
    return Caches(LocalCache(clock.now), str, clock.passes)
