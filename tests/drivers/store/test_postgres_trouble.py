"""A PostgreSQL that is killed, cut off, silent or full of locks: the store says so, never hangs, and works
again after.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.drivers.store.servers import Cluster, Wire
from tests.drivers.store.tables import PROBE, ROWS, THINGS, row
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.databases import Place
from tradewind.core.store import Store, StoreUnavailable
from tradewind.drivers.postgres import sessions
from tradewind.drivers.postgres.store import PostgresStore, PostgresTransaction

pytestmark = pytest.mark.postgres


async def again(store: Store, key: str, within: float = 10) -> None:
    """Tries a batch as the processor does, until it is taken."""
    until = time.monotonic() + within
    while True:
        try:
            tx = await store.begin()
            await tx.upsert(ROWS, [row(key)])
            await tx.commit()
            return
        except StoreUnavailable:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)


async def test_the_server_is_killed_in_the_middle(
    cluster: Cluster, impatient: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = Place(cluster.url, tmp_path_factory.mktemp("data"))
    place.fill(PROBE)
    store = PostgresStore(place.url)
    await store.open()
    await put(store, row("kept"))
    tx = await store.begin()
    await tx.insert(ROWS, [row("lost")])
    await asyncio.to_thread(cluster.control, "-m", "immediate", "restart")
    with pytest.raises(StoreUnavailable):
        await tx.load(THINGS, ["kept"])
    await tx.rollback()
    assert await amounts(store) == {"kept": 1}  # a reader tries again by itself
    await again(store, "after")
    assert await amounts(store) == {"kept": 1, "after": 1}

    await asyncio.to_thread(cluster.control, "-m", "immediate", "stop")
    with pytest.raises(StoreUnavailable, match=r"start PostgreSQL|starts or stops|closed"):
        await store.begin()
    with pytest.raises(StoreUnavailable, match="start PostgreSQL"):
        await store.begin()
    with pytest.raises(StoreUnavailable):
        await store.get(THINGS, "kept")
    cluster.start()
    await again(store, "later")
    assert await amounts(store) == {"kept": 1, "after": 1, "later": 1}
    await store.close()


async def test_a_cut_wire_is_told_once_even_between_batches(wire: Wire, wired: PostgresStore) -> None:
    await put(wired, row("a"))
    wire.cut()
    await asyncio.sleep(0.05)
    with pytest.raises(StoreUnavailable):
        await wired.begin()
    await again(wired, "b", within=3)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_the_answer_to_a_commit_is_lost(wire: Wire, wired: PostgresStore) -> None:
    tx = await wired.begin()
    await tx.insert(ROWS, [row("a")])
    wire.swallow = b"COMMIT"
    with pytest.raises(StoreUnavailable):
        await tx.commit()
    await tx.rollback()
    assert await amounts(wired) == {
        "a": 1
    }  # it was kept: the batch that is tried again must find out by itself
    await again(wired, "b", within=3)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_a_silent_server_hangs_nobody(wire: Wire, wired: PostgresStore) -> None:
    tx = await wired.begin()
    wire.silent = True
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await tx.load(THINGS, ["a"])
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await wired.begin()
    with pytest.raises(StoreUnavailable, match="no answer in time"):
        await wired.get(THINGS, "a")
    assert time.monotonic() - started < 8
    wire.silent = False
    wire.cut()
    await again(wired, "b")
    assert await amounts(wired) == {"b": 1}


async def test_a_batch_that_is_cancelled_leaves_nothing_behind(wired: PostgresStore, postgres: Place) -> None:
    await put(wired, row("a"))
    acts: list[Callable[[PostgresTransaction], Coroutine[Any, Any, Any]]] = [
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
        await again(wired, f"b{victim}", within=3)
    assert set(await amounts(wired)) - {"gone1"} == {
        "a",
        "b0",
        "b1",
        "b2",
    }  # nobody can say what a cancelled commit did


async def test_a_reader_that_is_cancelled_hurts_no_other(wired: PostgresStore) -> None:
    await put(wired, *[row(f"{i:03}", i) for i in range(200)])
    for i in range(60):
        task = asyncio.ensure_future(wired.get(THINGS, "007"))
        await asyncio.sleep(i % 5 / 2_000)
        task.cancel()
        found = await asyncio.gather(*[wired.get(THINGS, f"{k:03}") for k in range(i, i + 8)])
        assert [thing.amount for thing in found if thing] == list(range(i, i + 8))
        await asyncio.gather(task, return_exceptions=True)


async def test_rows_that_another_session_holds(wired: PostgresStore, postgres: Place) -> None:
    await put(wired, row("a"))
    other = await sessions.connect(postgres.url)
    await other.execute("BEGIN; SELECT * FROM probe.things FOR UPDATE")
    tx = await wired.begin()
    with pytest.raises(StoreUnavailable, match="another session holds"):
        await tx.load(THINGS, ["a"])
    await tx.rollback()
    await other.close()
    await again(wired, "b", within=1)


async def test_a_table_that_changes_shape_under_us(wired: PostgresStore, postgres: Place) -> None:
    await put(wired, row("a"))
    await asyncio.to_thread(postgres.outside, "ALTER TABLE probe.things ALTER COLUMN held TYPE bigint")
    await again(wired, "b", within=2)
    assert await amounts(wired) == {"a": 1, "b": 1}


async def test_a_server_that_turned_into_a_standby_is_left(wired: PostgresStore) -> None:
    tx = await wired.begin()
    await tx.run("SET LOCAL transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="standby"):
        await tx.insert(ROWS, [row("a")])
    await tx.rollback()
    await again(wired, "b", within=2)
