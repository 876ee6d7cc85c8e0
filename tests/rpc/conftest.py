"""The four processes of the blueprint `rpc`, run once for all tests here, on a database and a vhost of their
own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rpc.api import Api
from tests.support.apart import Apart, published
from tests.support.broker import own_vhost
from tests.support.databases import own_database
from tests.support.spans import Spans

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is here needs both servers."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("postgres")
            item.add_marker("rabbitmq")


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    with own_database("rpc") as url:
        yield url


@pytest.fixture(scope="session")
def vhost() -> Iterator[str]:
    with own_vhost() as url:
        yield url


@pytest.fixture(scope="session")
def spans() -> Iterator[Spans]:
    """Where all processes send theirs."""
    with Spans() as collecting:
        yield collecting


@pytest.fixture(scope="session")
def variables(database: str, vhost: str, spans: Spans) -> dict[str, str]:
    """Queues have their published names: in this vhost there are no others."""
    return published(database, vhost, OTEL_EXPORTER_OTLP_ENDPOINT=spans.url)


@pytest.fixture(scope="session")
def four(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """`tradewind up --blueprint rpc`, ready; after the tests it ends with exit code 0 and leaves nothing
    behind.
    """
    running = Apart.up(tmp_path_factory.mktemp("rpc"), variables)
    try:
        yield running
        children = running.children
        assert len(children) == 4
        assert running.stop() == 0, running.log.read_text()[-2_000:]
        assert running.out.read_text().endswith("tradewind: stopped; everything that was accepted is kept\n")
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    finally:
        running.close()


@pytest.fixture(scope="session")
def api(four: Apart) -> Api:
    """Through the gateway."""
    return Api(four.ports["gateway"])


@pytest.fixture
def beside() -> Iterator[ExitStack]:
    """Ends what a test starts beside the four: `beside.callback(more.close)`."""
    with ExitStack() as stack:
        yield stack
