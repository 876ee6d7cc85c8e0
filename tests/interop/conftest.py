"""NestJS itself on the other side of the queue: the peer's packages, unchanged, driven by two small programs
over pipes.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.queues import Outside, broker, fresh, outside

from .nest import QUEUES, Program, installed


@pytest.fixture(scope="session")
def modules() -> Path:
    return installed()


@pytest.fixture
def url() -> str:
    return broker()


@pytest.fixture
def suffix() -> str:
    """Behind the name of each published queue, so that two runs do not meet."""
    return fresh("")


@pytest.fixture
async def outer(url: str, suffix: str) -> AsyncIterator[Outside]:
    async with outside(url, mine=tuple(queue + suffix for queue in QUEUES)) as found:
        yield found


@pytest.fixture
async def nest_client(modules: Path, url: str) -> AsyncIterator[Program]:
    """ClientProxy: `say({queue, pattern, data})` gives what firstValueFrom gave."""
    async with Program.run(modules, "asks.js", url) as program:
        yield program


@pytest.fixture
async def nest_services(modules: Path, url: str, suffix: str, outer: Outside) -> AsyncIterator[Program]:
    """The three services, ready."""
    async with Program.run(modules, "answers.js", url, suffix) as program:
        assert await program.hear() == {"ready": True}
        yield program
