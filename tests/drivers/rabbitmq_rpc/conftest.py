"""One queue per test on the real broker."""

from collections.abc import AsyncIterator

import pytest

from tests.support.queues import Outside, broker, fresh, outside

from .support import Both, both


@pytest.fixture
def url() -> str:
    return broker()


@pytest.fixture
def queue() -> str:
    return fresh("rpc")


@pytest.fixture
async def outer(url: str, queue: str) -> AsyncIterator[Outside]:
    """Deletes the queue at the end; ask for it before whoever declares it."""
    async with outside(url, mine=(queue,)) as found:
        yield found


@pytest.fixture
async def pair(url: str, queue: str, outer: Outside) -> AsyncIterator[Both]:
    """A client and a server that answers."""
    async with both(url, queue) as found:
        yield found
