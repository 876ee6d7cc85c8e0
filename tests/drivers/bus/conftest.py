"""All ways in which services hear each other."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.drivers.bus.hospital_cluster import TABLES, Carrier
from tests.support.databases import Place
from tests.support.kafka import delete_topics, server_brokers
from tests.support.queues import broker, outside
from tradewind.drivers.kafka.servers import Servers
from tradewind.drivers.local.event_bus import LocalBroker
from tradewind.engine.tables import framework_tables


def furnish(place: Place) -> None:
    def make(connection: sa.Connection) -> None:
        with connection.begin():
            for tables in TABLES:
                connection.exec_driver_sql(f"CREATE SCHEMA {tables.schema}")
                framework_tables(str(tables.schema)).md.create_all(connection)
                tables.create_all(connection)

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


@pytest.fixture(params=["lines", "memory", *APART])
async def carrier(request: pytest.FixtureRequest, postgres: Place) -> AsyncIterator[Carrier]:
    """Services in one process, or apart with a broker between them: in memory, RabbitMQ, or
    Kafka.
    """
    if request.param == "kafka":
        async for made in opened(postgres, "", Servers(server_brokers())):
            yield made
            delete_topics(made.exchange)
        return
    url = broker() if request.param == "amqp" else ""
    async for made in opened(postgres, url, LocalBroker() if request.param == "memory" else None):
        yield made


@pytest.fixture
async def in_memory(postgres: Place) -> AsyncIterator[Carrier]:
    """Apart, without a broker to wait for."""
    async for made in opened(postgres, "", LocalBroker()):
        yield made


@pytest.fixture
async def apart(postgres: Place) -> AsyncIterator[Carrier]:
    """Only what a broker can do to us."""
    async for made in opened(postgres, broker()):
        yield made


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level("CRITICAL", logger="tradewind")
