"""A shop is opened once and copied for every test that spoils it."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from tests.operations.audit.shop import Shop, config, trade
from tradewind.operations.audit.checking import GRACE_MS


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    data = tmp_path_factory.mktemp("traded") / "shop"

    async def trading() -> dict[str, str]:
        async with Shop(config(data)) as shop:
            return {**await trade(shop), "tea": shop.tea}

    made = data, asyncio.run(trading())
    time.sleep(GRACE_MS / 1_000)  # what changed a moment ago is on its way to an audit of a running platform
    return made


@pytest.fixture
def data(traded: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """The folder of a shop that has traded and is closed."""
    return Path(shutil.copytree(traded[0], tmp_path / "shop"))


@pytest.fixture
def orders(traded: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """Its orders, by what became of them."""
    return traded[1]
