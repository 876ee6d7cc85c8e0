"""Every process starts, waits for a signal and stops in one way, also when its start fails."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tradewind.core.store import StoreUnavailable
from tradewind.runtime.processes import runner


class Noted:
    """A process that writes down what is asked of it."""

    def __init__(self, fails: bool = False) -> None:
        self.steps: list[str] = []
        self._fails = fails

    async def start(self) -> str:
        self.steps.append("start")
        if self._fails:
            raise OSError("the port is taken")
        return "http://here"

    async def stop(self) -> None:
        self.steps.append("stop")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stops_at_a_signal(number: signal.Signals) -> None:
    process = Noted()

    def started(url: str) -> None:
        process.steps.append(url)
        os.kill(os.getpid(), number)

    async with asyncio.timeout(60):
        await runner.run(process, started)
    assert process.steps == ["start", "http://here", "stop"]


async def test_cleans_up_after_a_start_that_failed() -> None:
    process = Noted(fails=True)
    with pytest.raises(OSError, match="the port is taken"):
        await runner.run(process, process.steps.append)
    assert process.steps == ["start", "stop"]


async def test_says_so_when_it_ends_by_itself() -> None:
    async def ended() -> None:
        await asyncio.sleep(0)

    process = Noted()
    with pytest.raises(StoreUnavailable, match="the processor has stopped"):
        await runner.run(process, process.steps.append, ended)
    assert process.steps[-1] == "stop"
