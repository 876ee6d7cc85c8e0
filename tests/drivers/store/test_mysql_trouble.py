"""A MySQL that is killed, cut off, silent or full of locks: the store says so, never hangs, and works again
after.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from tests.drivers.store.servers import Wire
from tests.drivers.store.tables import PROBE, ROWS, THINGS, row
from tests.drivers.store.test_postgres_trouble import again
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.databases import Place
from tests.support.mysql import own_mysql
from tradewind.core.store import Raced, StoreUnavailable
from tradewind.drivers.mysql import sessions
from tradewind.drivers.mysql.shared import SharedStore
from tradewind.drivers.mysql.store import MysqlStore, MysqlTransaction

pytestmark = pytest.mark.mysql


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "STATEMENT_S", 2)
    monkeypatch.setattr(sessions, "CONNECT_S", 1)
    monkeypatch.setattr(sessions, "LEFT_OVER_S", 0.3)


@pytest.fixture
async def wire(mysql: Place) -> AsyncIterator[Wire]:
    mysql.fill(PROBE)
    async with Wire(mysql.url) as made:
        yield made


@pytest.fixture
async def wired(wire: Wire, impatient: None) -> AsyncIterator[MysqlStore]:
    store = MysqlStore(wire.url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def pair(mysql: Place) -> AsyncIterator[tuple[SharedStore, SharedStore]]:
    """Two processes on one database."""
    mysql.fill(PROBE)
    one, other = SharedStore(mysql.url), SharedStore(mysql.url)
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()


async def test_the_server_is_killed_in_the_middle(
    impatient: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with own_mysql() as server:
        place = Place(server.url, tmp_path_factory.mktemp("data"))
        place.fill(PROBE)
        store = MysqlStore(place.url)
        await store.open()
        await put(store, row("kept"))
        tx = await store.begin()
        await tx.insert(ROWS, [row("lost")])
        await asyncio.to_thread(server.kill)
        with pytest.raises(StoreUnavailable, match="connection was lost"):
            await tx.load(THINGS, ["kept"])
        await tx.rollback()
        with pytest.raises(StoreUnavailable, match=r"start MySQL|connection was lost"):
            await store.begin()
        with pytest.raises(StoreUnavailable):
            await store.get(THINGS, "kept")
        await asyncio.to_thread(server.start)
        await again(store, "after")
        assert await amounts(store) == {"kept": 1, "after": 1}
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        assert await amounts(store) == {"kept": 1, "after": 1}  # a reader tries again by itself
        await again(store, "later")
        await store.close()


async def test_a_cut_wire_is_told_once_even_between_batches(wire: Wire, wired: MysqlStore) -> None:
    await put(wired, row("a"))
    wire.cut()
    await asyncio.sleep(0.05)
    with pytest.raises(StoreUnavailable):
        await wired.begin()
    await again(wired, "b", within=5)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_the_answer_to_a_commit_is_lost(wire: Wire, wired: MysqlStore) -> None:
    tx = await wired.begin()
    await tx.insert(ROWS, [row("a")])
    wire.swallow = b"COMMIT"
    with pytest.raises(StoreUnavailable):
        await tx.commit()
    await tx.rollback()
    # it was kept: the batch that is tried again must find out by itself
    assert await amounts(wired) == {"a": 1}
    await again(wired, "b", within=5)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_a_silent_server_hangs_nobody(wire: Wire, wired: MysqlStore) -> None:
    tx = await wired.begin()
    wire.silent = True
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await tx.load(THINGS, ["a"])
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await wired.begin()
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await wired.get(THINGS, "a")
    assert time.monotonic() - started < 12
    wire.silent = False
    wire.cut()
    await again(wired, "b")
    assert await amounts(wired) == {"b": 1}


async def test_a_batch_that_is_cancelled_leaves_nothing_behind(wired: MysqlStore) -> None:
    await put(wired, row("a"))
    acts: list[Callable[[MysqlTransaction], Coroutine[Any, Any, Any]]] = [
        lambda tx: tx.load(THINGS, ["a"]),
        lambda tx: tx.commit(),
        lambda tx: tx.rollback(),
    ]
    for victim, act in enumerate(acts):
        tx = await wired.begin()
        await tx.insert(ROWS, [row(f"gone{victim}")])
        task = asyncio.ensure_future(act(tx))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await tx.rollback()
        await again(wired, f"b{victim}", within=5)
    # nobody can say what a cancelled commit did
    assert set(await amounts(wired)) - {"gone1"} == {"a", "b0", "b1", "b2"}


async def test_a_reader_that_is_cancelled_hurts_no_other(wired: MysqlStore) -> None:
    await put(wired, *[row(f"{i:03}", i) for i in range(200)])
    for i in range(60):
        task = asyncio.ensure_future(wired.get(THINGS, "007"))
        await asyncio.sleep(i % 5 / 2_000)
        task.cancel()
        found = await asyncio.gather(*[wired.get(THINGS, f"{k:03}") for k in range(i, i + 8)])
        assert [thing.amount for thing in found if thing] == list(range(i, i + 8))
        await asyncio.gather(task, return_exceptions=True)


async def test_rows_that_another_session_holds(wired: MysqlStore, mysql: Place) -> None:
    await put(wired, row("a"))
    other = await sessions.connect(mysql.url)
    await sessions.ask(other, "START TRANSACTION; SELECT * FROM tw_probe_things FOR UPDATE")
    tx = await wired.begin()
    with pytest.raises(StoreUnavailable, match="another session holds"):
        await tx.load(THINGS, ["a"])
    await tx.rollback()
    other.close()
    await again(wired, "b", within=5)


async def test_a_table_that_changes_shape_under_us(wired: MysqlStore, mysql: Place) -> None:
    await put(wired, row("a"))
    await asyncio.to_thread(mysql.outside, "ALTER TABLE tw_probe_things MODIFY held BIGINT NOT NULL")
    await again(wired, "b", within=5)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_of_two_that_wait_for_each_other_one_decides_anew(
    pair: tuple[SharedStore, SharedStore],
) -> None:
    one, other = pair
    await put(one, row("a"), row("b"))
    first, second = await one.begin(), await other.begin()
    await first.load(THINGS, ["a"])
    await second.load(THINGS, ["b"])

    async def cross(tx: Any, key: str) -> str:
        try:
            await tx.load(THINGS, [key])
            await tx.update(ROWS, [row(key, 7)])
            await tx.commit()
            return "done"
        except Raced:
            await tx.rollback()
            return "raced"

    assert sorted(await asyncio.gather(cross(first, "b"), cross(second, "a"))) == ["done", "raced"]
    await again(one, "c")
    await again(other, "d")


async def test_a_shared_batch_is_one_round_trip_and_one_more_for_what_it_locks(
    pair: tuple[SharedStore, SharedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    run = sessions.run

    async def counted(connection: Any, text: bytes) -> Any:
        sent.append(text.decode())
        return await run(connection, text)

    monkeypatch.setattr(sessions, "run", counted)
    for reads in (False, True):
        tx = await pair[0].begin()
        found: list[tuple[str, float, float]] = []
        tx.statements = found
        if reads:
            assert await tx.load(THINGS, ["a"])
        await tx.insert(ROWS, [row(f"{reads}{n}", title="secret") for n in range(50)])
        await tx.update(ROWS, [row(f"{reads}{n}", 2, title="secret") for n in range(50)])
        await tx.upsert(ROWS, [row("a", title="secret")])
        await tx.delete(ROWS, [f"{reads}7"])
        await tx.commit()
        assert [text.count("; ") for text in sent] == ([1, 4] if reads else [5])
        assert sent[0].startswith("START TRANSACTION; ") and sent[-1].endswith("; COMMIT")
        assert "secret" not in str(found)
        sent.clear()
    assert len(await amounts(pair[1])) == 99
    tx = await pair[0].begin()  # one change commits itself
    sent.clear()
    await tx.insert(ROWS, [row("alone")])
    await tx.commit()
    assert len(sent) == 1 and "COMMIT" not in sent[0]
    assert (await pair[1].get(THINGS, "alone")) is not None


async def test_a_key_that_another_has_taken_is_a_race_and_nothing_of_the_batch_is_kept(
    pair: tuple[SharedStore, SharedStore],
) -> None:
    one, other = pair
    first, second = await one.begin(), await other.begin()
    for tx, mine in ((first, "mine"), (second, "yours")):
        await tx.insert(ROWS, [row(mine)])
        await tx.insert(ROWS, [row("claim")])
    await first.commit()
    with pytest.raises(Raced):
        await second.commit()
    await second.rollback()
    assert set(await amounts(one)) == {"mine", "claim"}
    await again(other, "after")


async def test_numbers_and_rows_of_many_writers_are_each_there_once(
    pair: tuple[SharedStore, SharedStore],
) -> None:
    from tradewind.engine.tables import framework_tables

    counters = framework_tables("probe").counters

    async def write(store: SharedStore) -> list[int]:
        found = []
        for _ in range(20):
            first = await store.reserve(counters, "things", 3)
            tx = await store.begin()
            await tx.insert(ROWS, [row(f"{number:04}") for number in range(first, first + 3)])
            await tx.commit()
            found.append(first)
        return found

    given = [first for some in await asyncio.gather(*map(write, pair)) for first in some]
    assert sorted(given) == list(range(1, 121, 3))
    assert len(await amounts(pair[0])) == 120
