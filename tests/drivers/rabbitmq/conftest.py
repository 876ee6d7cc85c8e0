"""The links of a test, stopped with it."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.drivers.rabbitmq.support import Kept
from tests.support.broker import Broker, own_broker, server_url
from tradewind.drivers.rabbitmq.amqp import Link

_numbers = itertools.count()


@pytest.fixture(scope="session")
def url() -> str:
    return server_url()


@pytest.fixture
def name() -> str:
    """Of a queue or an exchange that nobody else uses."""
    return f"tradewind.test.{os.getpid()}.{next(_numbers)}"


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with own_broker() as ours:
        yield ours


@pytest.fixture
def kept() -> Kept:
    """What was told, in one place."""
    return Kept()


@pytest.fixture
async def link() -> AsyncIterator[Callable[..., Link]]:
    """Makes a link that is stopped at the end of the test."""
    links: list[Link] = []

    def make(url: str, **settings: Any) -> Link:
        links.append(Link(url, **{"name": "test", **settings}))
        return links[-1]

    yield make
    for each in links:
        await each.stop(0)
