"""The databases that any suite may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Place, own_database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the server of the tests, so that two runs at once do not meet."""
    with own_database("test") as url:
        yield url


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
