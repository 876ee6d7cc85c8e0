"""What the suites of the store run on."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.drivers.store.servers import Cluster, Wire
from tests.drivers.store.tables import PROBE
from tests.support.databases import URL, Place
from tests.support.needs import unmet
from tools.servers import machine
from tools.servers.postgres import Postgres
from tradewind.core.store import Store
from tradewind.drivers.postgres import sessions
from tradewind.drivers.postgres.store import PostgresStore


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """Open, with the tables of the probe."""
    place.fill(PROBE)
    made = place.store()
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that a test may stop and kill."""
    if not os.environ.get(URL) or not Postgres().installed():
        unmet("needs a PostgreSQL of its own, ./dev services up --install postgres")
    home = Path(tempfile.mkdtemp(prefix="tradewind-test-"))
    made = Cluster(home)
    owner = machine.account(made.server)
    if owner is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(home)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "STATEMENT_S", 1)
    monkeypatch.setattr(sessions, "CONNECT_S", 1)
    monkeypatch.setattr(sessions, "LEFT_OVER_S", 0.3)


@pytest.fixture
async def wire(postgres: Place) -> AsyncIterator[Wire]:
    postgres.fill(PROBE)
    async with Wire(postgres.url) as made:
        yield made


@pytest.fixture
async def wired(wire: Wire, impatient: None) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(wire.url)
    await store.open()
    yield store
    await store.close()
