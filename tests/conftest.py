"""The databases that any suite may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.databases import URL, Place, unmet
from tradewind.chassis.store.databases import database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the server of the tests, so that two runs at once do not meet."""
    server = os.environ.get(URL, "")
    if not server:
        unmet(f"needs PostgreSQL: ./dev services up postgres, or set {URL}")
    name = f"tradewind_test_{os.getpid()}"
    _on_server(server, f"DROP DATABASE IF EXISTS {name}")  # of a run that was killed
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
