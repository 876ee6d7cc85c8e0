"""The databases and the furnished shops that any suite may ask for, and the closing summary of what was
skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import needs, passed
from tests.support.databases import Place, own_database
from tests.support.shops import furnished

__all__ = ["furnished"]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the server of the tests, so that two runs at once do not meet."""
    with own_database("test") as url:
        yield url


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    with own_database("test", "mysql") as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place("", tmp_path)


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Place:
    return Place(postgres_url, tmp_path)


@pytest.fixture
def mysql(mysql_url: str, tmp_path: Path) -> Place:
    return Place(mysql_url, tmp_path)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    """Each of them."""
    found: Place = request.getfixturevalue(request.param)
    return found


def pytest_configure(config: pytest.Config) -> None:
    for plugin in passed.plugins(config):
        config.pluginmanager.register(plugin)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("skipped")
        for line in needs.summary(report.longrepr[2] for report in skipped):
            terminalreporter.line(line)
