"""A hospital with nobody in it yet."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.engine.hospital import Hospital, Store, create


@pytest.fixture
async def hospital() -> AsyncIterator[Hospital]:
    store = Store()
    await store.open()
    create(store)
    made = Hospital(store)
    yield made
    await made.platform.runner.stop()
    await store.close()


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> None:
    """For tests in which things go wrong on purpose: nobody needs to read of it."""
    caplog.set_level(logging.CRITICAL, logger="tradewind")
