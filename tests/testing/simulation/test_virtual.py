"""Time that jumps, and what ends a schedule that would never end by itself."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest

from tradewind.testing.simulation.virtual import SeededClock, Stuck, VirtualClock, VirtualLoop


async def _sleeps(order: list[float]) -> None:
    async def one(seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(asyncio.get_running_loop().time())

    await asyncio.gather(*[one(seconds) for seconds in (7_200.0, 0.001, 90.0)])


def test_hours_pass_at_once_and_in_order() -> None:
    began, order, loop = perf_counter(), list[float](), VirtualLoop()
    loop.run_until_complete(_sleeps(order))
    loop.close()
    assert order == pytest.approx([0.001, 90.0, 7_200.0])
    assert perf_counter() - began < 2.0


async def _waits_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def _never_waits() -> None:
    while True:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("work", "why"), [(_waits_for_ever, "everybody waits"), (_never_waits, "somebody never waits")]
)
def test_a_schedule_that_cannot_end_is_ended(work: object, why: str) -> None:
    loop = VirtualLoop()
    task = loop.create_task(work())  # type: ignore[operator]
    with pytest.raises(Stuck, match=why):
        loop.run_until_complete(task)
    task.cancel()
    loop.clock.turns = 0
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_ids_increase_also_when_the_clock_goes_back() -> None:
    virtual = VirtualClock()
    source = SeededClock(virtual, 1_795_262_400_000, 1)
    first = source.uuid()
    source.skew_ms = -60_000
    assert source.now() == 1_795_262_340_000
    assert source.uuid() > first
    assert SeededClock(virtual, 1_795_262_400_000, 1).uuid() == first
