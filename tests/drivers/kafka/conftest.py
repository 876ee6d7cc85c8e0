"""Topics, publishers and subscribers of a test, stopped and removed with it."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.drivers.kafka.support import Ends
from tests.support.kafka import KafkaNode, delete_topics, own_kafka, server_brokers
from tradewind.drivers.kafka.servers import Servers

_numbers = itertools.count()


@pytest.fixture
def topic() -> str:
    """That nobody else uses."""
    return f"tradewind.test.{os.getpid()}.{next(_numbers)}"


@pytest.fixture
async def ends(topic: str) -> AsyncIterator[Ends]:
    """On the server that runs for all tests."""
    made = Ends(Servers(server_brokers()), topic)
    yield made
    await made.close()
    await asyncio.to_thread(delete_topics, topic)


@pytest.fixture(scope="session")
def node() -> Iterator[KafkaNode]:
    with own_kafka() as ours:
        yield ours
