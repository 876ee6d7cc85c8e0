"""What telling of an order costs where notifications keeps documents: one look and one write, for one message or for
many.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.drivers.mongodb.test_platform import running, say
from tests.support.mongodb import own_database
from tradewind.drivers.mongodb.store import MongoStore

pytestmark = pytest.mark.mongodb
ALLOWED = 2
"""A find of what is there, and an unordered write. Beside them a process looks for dead letters once a second."""
RUNS = 12


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command to the server."""
    seen: list[str] = []
    plain = MongoStore._answered

    async def counted(self: MongoStore, asked: Any) -> Any:
        seen.append(getattr(asked, "__qualname__", type(asked).__name__))
        return await plain(self, asked)

    monkeypatch.setattr(MongoStore, "_answered", counted)
    return seen


@pytest.mark.parametrize("at_once", [1, 50])
async def test_a_batch_is_one_look_and_one_write(answered: list[str], at_once: int) -> None:
    with own_database("counts") as url:
        async with running(url, "graphql-notifications") as platform:
            await say(platform, "1")
            least = 1_000
            for run in range(1, RUNS + 1):
                answered.clear()
                orders = range(run * 100, run * 100 + at_once)
                assert set(await asyncio.gather(*[say(platform, str(n)) for n in orders])) == {""}
                least = min(least, len(answered))
    assert least == ALLOWED, answered
