"""Records are numbered without a statement for each: a number is given once, whatever crashes, and a refused
message uses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hospital import Answered, Clock, Store, breathe
from tests.support.databases import Place
from tests.support.tables import create_all
from tradewind.core.model import NOBODY, Context, Effects, Event, Refused, Request, Service, numbered, on
from tradewind.core.schema import metadata
from tradewind.core.store import StoreUnavailable
from tradewind.engine.inbox import Envelope, Origin
from tradewind.engine.numbers import BATCHES, BLOCK, Numbers
from tradewind.engine.platform import Platform
from tradewind.engine.tables import framework_tables
from tradewind.runtime.schema import schema
from tradewind.runtime.stores import open_store

MD = metadata("queue")
COUNTERS = framework_tables("queue").counters


class Draw(Request, frozen=True, tag="queue.draw"):
    kept: bool = True
    echoes: int = 0


class Drawn(Event, frozen=True, tag="queue.drawn"):
    pass


def envelopes(count: int) -> list[Envelope]:
    return [Envelope(None, Draw(), Origin.REQUEST, "", 0) for _ in range(count)]


async def draw(numbers: Numbers, store: Any, asked: int, used: int) -> list[int]:
    await numbers.ensure(store, envelopes(asked))
    drawn = []
    for _ in range(min(asked, used)):
        drawn.append(numbers.peek())
        numbers.take()
    return drawn


BATCH = st.tuples(st.integers(0, 3), st.integers(0, 300), st.integers(0, 300), st.booleans())


@settings(deadline=None)  # a busy machine is no error
@given(st.lists(BATCH, max_size=40))
def test_a_number_is_given_once_and_they_rise_within_a_copy(
    batches: list[tuple[int, int, int, bool]],
) -> None:
    async def run() -> None:
        store = Store()
        await store.open()
        create_all(store, MD)
        copies = {copy: Numbers(COUNTERS, "draws", [Draw]) for copy in range(4)}
        all_drawn: list[int] = []
        of_copy: dict[int, list[int]] = {copy: [] for copy in copies}
        for copy, asked, used, crashes in batches:
            if crashes:
                copies[copy], of_copy[copy] = Numbers(COUNTERS, "draws", [Draw]), []
            drawn = await draw(copies[copy], store, asked, used)
            all_drawn += drawn
            of_copy[copy] += drawn
            assert of_copy[copy] == sorted(of_copy[copy])
        assert len(set(all_drawn)) == len(all_drawn)
        await store.close()

    asyncio.run(run())


async def test_a_block_lasts_for_many_batches() -> None:
    reserved: list[int] = []

    class Counted(Store):
        async def reserve(self, counters: Any, name: str, count: int) -> int:
            reserved.append(count)
            return await super().reserve(counters, name, count)

    store, numbers = Counted(), Numbers(COUNTERS, "draws", [Draw])
    await store.open()
    create_all(store, MD)
    assert await draw(numbers, store, 0, 0) == [] and not reserved  # nothing is asked for, so nothing is lost
    for number in range(BLOCK):
        assert await draw(numbers, store, 1, 1) == [number + 1]
    assert reserved == [BLOCK]
    for _ in range(BATCHES):
        await draw(numbers, store, 256, 256)
    assert reserved == [BLOCK, BATCHES * 256]
    await store.close()


@pytest.mark.parametrize(
    "kind",
    [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mysql", marks=pytest.mark.mysql)],
)
async def test_copies_reserve_at_the_same_time(request: pytest.FixtureRequest, kind: str) -> None:
    place: Place = request.getfixturevalue(kind)
    place.fill(schema("orders"))
    counters = framework_tables("orders").counters
    stores = [open_store(place.url, place.data, exclusive=False) for _ in range(4)]
    for store in stores:
        await store.open()
    firsts = await asyncio.gather(
        *[store.reserve(counters, "draws", 10) for _ in range(5) for store in stores]
    )
    assert sorted(firsts) == list(range(1, 201, 10))
    for store in stores:
        await store.close()


def queue(store: Store) -> tuple[Platform, dict[str, list[int]]]:
    drawn: dict[str, list[int]] = {"asked": [], "heard": []}

    def ask(message: Draw, context: Context) -> Effects[int]:
        for _ in range(message.echoes):
            yield Drawn()
        if not message.kept:
            raise Refused("full")
        drawn["asked"].append(context.number)
        return context.number

    def hear(message: Drawn, context: Context) -> Effects[None]:
        drawn["heard"].append(context.number)
        yield from ()

    service = Service("queue", keeps=[], says=[Drawn], does=[
        numbered(on(Draw, ask), "draws"),
        numbered(on(Drawn, hear), "draws"),
    ])  # fmt: skip
    return Platform(store, [service], Clock()), drawn


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    made = Store()
    await made.open()
    create_all(made, MD)
    yield made
    await made.close()


async def say(platform: Platform, *messages: Draw) -> list[Answered]:
    answered = [Answered() for _ in messages]
    for message, deliver in zip(messages, answered, strict=True):
        platform.submit(message, NOBODY, deliver)
    for _ in range(20):
        await platform.processor.step()
        await breathe()
    return answered


async def test_a_refused_message_uses_none(store: Store) -> None:
    platform, drawn = queue(store)
    await say(platform, Draw(), Draw(kept=False), Draw(), Draw(kept=False, echoes=1), Draw())
    assert drawn == {"asked": [1, 2, 3], "heard": []}


async def test_a_number_is_not_given_again_when_the_commit_fails(store: Store) -> None:
    platform, drawn = queue(store)
    store.commits_unknown = 1
    await say(platform, Draw(), Draw())
    assert drawn["asked"] == sorted(set(drawn["asked"]))


async def test_events_that_need_more_than_the_block_has_are_decided_anew(store: Store) -> None:
    platform, drawn = queue(store)
    (answered,) = await say(platform, Draw(echoes=3 * BLOCK))
    heard = drawn["heard"][-3 * BLOCK :]
    assert answered.reply is not None and answered.reply.status == 0
    assert len(set(heard)) == 3 * BLOCK


async def test_a_block_that_cannot_be_reserved_keeps_the_batch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, drawn = queue(store)

    async def away(*_: Any) -> int:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "reserve", away)
        (answered,) = await say(platform, Draw())
        assert answered.reply is None and drawn["asked"] == []
    for _ in range(5):
        await platform.processor.step()
        await breathe()
    assert drawn["asked"] == [1]
