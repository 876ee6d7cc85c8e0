"""Copies of a service share the partitions of a topic: nothing is lost, and what is of one key is heard in its
order, whoever comes and goes.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import pytest

from tests.drivers.kafka.support import Ends, noted, tell, until

pytestmark = pytest.mark.kafka
KEYS = [f"key{number}" for number in range(12)]


async def test_copies_with_one_name_share_the_work(ends: Ends) -> None:
    publisher = await ends.publisher()
    first = await ends.subscriber("a")
    second = await ends.subscriber("b")
    assert (await first.state()).consumers == (await second.state()).consumers == 1
    numbers = 0

    async def both_heard() -> bool:
        nonlocal numbers
        numbers += 1
        await asyncio.gather(*(tell(publisher, noted(key, numbers)) for key in KEYS))
        return {one.by for one in ends.heard} == {"a", "b"}

    async with asyncio.timeout(60):
        while not await both_heard():
            await asyncio.sleep(0.05)
    wanted = {f"{key}-{number}" for key in KEYS for number in range(1, numbers + 1)}
    await until(lambda: wanted <= set(ends.ids), "every event")


async def test_a_copy_joins_and_leaves_while_records_flow(ends: Ends) -> None:
    publisher = await ends.publisher()
    first = await ends.subscriber("a")
    ended, numbers = asyncio.Event(), Counter[str]()

    async def flow(key: str) -> None:
        while not ended.is_set():
            numbers[key] += 1
            await tell(publisher, noted(key, numbers[key]))

    def heard_by(copy: str) -> bool:
        return sum(one.by == copy for one in ends.heard) > 50

    async with asyncio.TaskGroup() as tasks:
        for key in KEYS:
            tasks.create_task(flow(key))
        await until(lambda: heard_by("a"), "the first copy alone")
        second = await ends.subscriber("b")
        await until(lambda: heard_by("b"), "both copies")
        await first.stop()
        before = len(ends.heard)
        await until(lambda: len(ends.heard) > before + 50, "the second copy alone")
        await ends.subscriber("c")
        await until(lambda: heard_by("c"), "a third copy")
        await second.stop()
        ended.set()
    wanted = {f"{key}-{number}" for key in KEYS for number in range(1, numbers[key] + 1)}
    await until(lambda: wanted <= set(ends.ids), "every event")
    order: dict[str, list[int]] = defaultdict(list)
    for event, _, _ in ends.heard:
        if event.seq not in order[event.key]:
            order[event.key].append(event.seq)
    assert order == {key: list(range(1, numbers[key] + 1)) for key in KEYS}
