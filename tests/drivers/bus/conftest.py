"""All ways in which services hear each other."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.drivers.bus.hospital_cluster import TABLES, Carrier
from tests.support.databases import Place
from tests.support.kafka import delete_topics, server_brokers
from tests.support.queues import broker, outside
from tradewind.drivers.kafka.servers import Servers
from tradewind.drivers.local.event_bus import LocalBroker
from tradewind.runtime.drafts import laid
from tradewind.runtime.migrations import ServiceSchema


def furnish(place: Place) -> None:
    def make(connection: sa.Connection) -> None:
        with connection.begin():
            for tables in TABLES:
                if place.kind == "postgres":
                    connection.exec_driver_sql(f"CREATE SCHEMA {tables.schema}")
                laid(ServiceSchema(tables, Path()), connection.dialect.name).create_all(connection)

    place.database.work(make)


async def opened(
    place: Place, url: str, other: Servers | LocalBroker | None = None
) -> AsyncIterator[Carrier]:
    furnish(place)
    made = Carrier(place, url, other)
    yield made
    await made.close()
    if url:
        async with outside(url, mine=tuple(f"{made.exchange}.{name}" for name in ("desk", "ward"))):
            pass


APART = [pytest.param("amqp", marks=pytest.mark.rabbitmq), pytest.param("kafka", marks=pytest.mark.kafka)]


# processes that share the other server
ON_MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)


@pytest.fixture(params=["lines", "memory", ON_MYSQL, *APART])
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    """Services in one process, or apart with a broker between them: in memory, RabbitMQ, or
    Kafka.
    """
    place: Place = request.getfixturevalue("mysql" if request.param == "mysql" else "postgres")
    if request.param == "kafka":
        async for made in opened(place, "", Servers(server_brokers())):
            yield made
            delete_topics(made.exchange)
        return
    url = broker() if request.param == "amqp" else ""
    async for made in opened(place, url, LocalBroker() if request.param in ("memory", "mysql") else None):
        yield made


@pytest.fixture
async def in_memory(postgres: Place) -> AsyncIterator[Carrier]:
    """Apart, without a broker to wait for."""
    async for made in opened(postgres, "", LocalBroker()):
        yield made


@pytest.fixture(params=["postgres"])
async def apart(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    """Only what a broker can do to us."""
    place: Place = request.getfixturevalue(request.param)
    async for made in opened(place, broker()):
        yield made


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level("CRITICAL", logger="tradewind")
