"""NestJS itself on the other side of the queue: the peer's packages, unchanged, driven by two small programs over pipes."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.databases import unmet
from tests.support.queues import Outside, broker, fresh, outside

from .nest import QUEUES, Program

PEER = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "nestjs-rpc"
MODULES = PEER / "node_modules"
INSTALL_S = 300


@pytest.fixture(scope="session")
def modules() -> Path:
    """The packages. Where every test must run they are installed from the lock file, elsewhere their lack skips the test."""
    if shutil.which("node") is None:
        unmet("needs Node.js 20 or newer")
    if not (MODULES / "@nestjs" / "microservices").is_dir():
        if os.environ.get("TRADEWIND_REQUIRE_SERVICES") != "1":
            unmet("needs the peer's packages: npm ci in benchmarks/peers/nestjs-rpc")
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=PEER, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode:
            unmet(f"npm ci failed in benchmarks/peers/nestjs-rpc: {done.stderr[-500:]}")
    return MODULES


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
