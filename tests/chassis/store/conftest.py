"""The databases that the suites of the store run on, each new and empty."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chassis.store.places import Place
from tests.chassis.store.servers import Cluster
from tools.servers import machine
from tradewind.chassis.store.databases import database
from tradewind.chassis.store.port import Store

URL = "TRADEWIND_TEST_POSTGRES_URL"


def unmet(need: str) -> None:
    """Skips what cannot run here, by name; fails it where everything must run."""
    if os.environ.get("TRADEWIND_REQUIRE_SERVICES") == "1":
        pytest.fail(need)
    pytest.skip(need)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the server of the tests, so that two runs at once do not meet."""
    server = os.environ.get(URL, "")
    if not server:
        unmet(f"needs PostgreSQL: ./dev services up postgres, or set {URL}")
    name = f"tradewind_test_{os.getpid()}"
    _on_server(server, f"CREATE DATABASE {name}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(url: str, text: str) -> None:
    database(url, Path()).work(lambda connection: connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(text))


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place("", tmp_path)


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Place:
    return Place(postgres_url, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Place:
    """Either."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """Open, with the tables of the probe."""
    place.fill()
    made = place.store()
    await made.open()
    yield made
    await made.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that a test may stop and kill."""
    home = Path(tempfile.mkdtemp(prefix="tradewind-test-"))
    made = Cluster(home)
    if not os.environ.get(URL) or not made.server.installed():
        unmet(f"needs PostgreSQL on this machine: ./dev services up --install postgres, and {URL}")
    owner = machine.account(made.server)
    if owner is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(home)
