"""What every driver of the store promises, run on each."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.drivers.store.tables import ROWS, THINGS, Mark, Thing, row
from tests.support.databases import Place
from tradewind.core.store import RowRefused, Store, StoreUnavailable, StoreUnusable, Transaction
from tradewind.engine.tables import framework_tables

ABOVE = (
    sa.select(ROWS)
    .where(ROWS.c.amount > sa.bindparam("least"))
    .order_by(ROWS.c.amount)
    .limit(sa.bindparam("n"))
)
TOTAL = sa.select(sa.func.sum(ROWS.c.amount), sa.func.count(), sa.func.max(ROWS.c.amount))
AVERAGE = sa.select(sa.func.avg(ROWS.c.amount))
BY_TITLE = sa.select(ROWS.c.title).order_by(ROWS.c.title)
BIG = 2**63 - 1


async def put(store: Store, *rows: tuple[Any, ...]) -> None:
    tx = await store.begin()
    await tx.insert(ROWS, rows)
    await tx.commit()


async def amounts(store: Store) -> dict[str, int]:
    return {thing.id: thing.amount for thing in await store.find(THINGS, ABOVE, {"least": -1, "n": 10_000})}


async def refused(tx: Transaction, *rows: tuple[Any, ...]) -> None:
    with pytest.raises(RowRefused):
        await tx.insert(ROWS, rows)
    await tx.rollback()


async def test_an_aggregate_comes_back_as_it_went(store: Store) -> None:
    thing = Thing("a", "Größe ‘XL’ \\ \"quoted\" 'single' 🧭 \n", BIG, 3, (Mark("m", 1), Mark("ü", 2)), None)
    tx = await store.begin()
    await tx.insert(
        ROWS, [("a", thing.title, BIG, 3, '[{"name":"m","weight":1},{"name":"ü","weight":2}]', None)]
    )
    assert await tx.load(THINGS, ["a"]) == [thing]
    await tx.commit()
    assert await store.get(THINGS, "a") == thing
    assert await store.find(THINGS, ABOVE, {"least": 0, "n": 1}) == [thing]


async def test_load_finds_what_exists_in_key_order_once(store: Store) -> None:
    await put(store, row("c"), row("a"), row("b"))
    tx = await store.begin()
    assert [thing.id for thing in await tx.load(THINGS, ["c", "x", "a", "c"])] == ["a", "c"]
    assert await tx.load(THINGS, []) == []
    assert await tx.load(THINGS, ["x"]) == []
    assert [thing.id for thing in await tx.load(THINGS, ["b", "'; DROP TABLE things; --"])] == ["b"]
    await tx.rollback()


async def test_numbers_are_reserved_once_outside_any_transaction(store: Store) -> None:
    counters = framework_tables("probe").counters
    assert await store.reserve(counters, "things", 3) == 1
    tx = await store.begin()
    await tx.insert(ROWS, [row("a")])
    await tx.rollback()
    assert [await store.reserve(counters, name, 100) for name in ("things", "others")] == [4, 1]
    assert await store.reserve(counters, "things", 1) == 104


async def test_readers_see_what_is_committed_and_only_that(store: Store) -> None:
    tx = await store.begin()
    await tx.insert(ROWS, [row("a", 5)])
    assert await tx.rows(ABOVE, {"least": 0, "n": 9}) == [row("a", 5)]
    assert await store.get(THINGS, "a") is None
    assert await store.rows(TOTAL) == [(None, 0, None)]
    await tx.commit()
    assert await amounts(store) == {"a": 5}
    tx = await store.begin()
    await tx.update(ROWS, [row("a", 6)])
    await tx.insert(ROWS, [row("b")])
    await tx.rollback()
    assert await amounts(store) == {"a": 5}


async def test_update_upsert_delete(store: Store) -> None:
    await put(store, *[row(f"{i}", i) for i in range(10)])
    tx = await store.begin()
    await tx.update(ROWS, [row("1", 100), row("2", 200, note="n"), row("none", 1)])
    await tx.upsert(ROWS, [row("2", 201), row("new", 7), row("new", 8)])
    await tx.delete(ROWS, ["3", "4", "none"])
    await tx.delete(ROWS, iter(["5"]))
    for act in (tx.insert, tx.update, tx.upsert):
        await act(ROWS, [])
    await tx.delete(ROWS, [])
    await tx.commit()
    assert await amounts(store) == {"0": 0, "1": 100, "2": 201, "6": 6, "7": 7, "8": 8, "9": 9, "new": 8}


async def test_trim_takes_the_lowest_up_to_its_limit(store: Store) -> None:
    await put(store, *[row(f"{i}", 10 - i) for i in range(10)])
    tx = await store.begin()
    assert await tx.trim(ROWS, "amount", 8, 3) == 3
    assert await tx.trim(ROWS, "amount", 8, 100) == 4
    assert await tx.trim(ROWS, "amount", 8, 100) == 0
    await tx.commit()
    assert await amounts(store) == {"0": 10, "1": 9, "2": 8}


async def test_figures_are_plain_numbers_and_texts_sort_by_byte(store: Store) -> None:
    await put(
        store,
        row("a", 1, title="b"),
        row("b", 4, title="B"),
        row("c", 5, title="ä"),
        row("d", 0, title="a-1"),
        row("e", 0, title="a1"),
    )
    assert [[type(value) for value in found] for found in await store.rows(TOTAL)] == [[int, int, int]]
    assert await store.rows(TOTAL) == [(10, 5, 5)]
    assert await store.rows(AVERAGE) == [(2.0,)]
    assert [title for (title,) in await store.rows(BY_TITLE)] == ["B", "a-1", "a1", "b", "ä"]


async def test_a_large_batch(store: Store) -> None:
    rows = [row(f"{i:05}", i) for i in range(5_000)]
    await put(store, *rows)
    tx = await store.begin()
    assert len(await tx.load(THINGS, [f"{i:05}" for i in range(5_000)])) == 5_000
    await tx.update(ROWS, [row(f"{i:05}", i + 1) for i in range(5_000)])
    await tx.upsert(ROWS, [row(f"{i:05}", i + 2) for i in range(2_500, 7_500)])
    await tx.insert(
        framework_tables("probe").log,
        [(i, f"e{i}", "thing.made", "k", "{}", "", "", 0) for i in range(5_000)],
    )
    await tx.delete(ROWS, [f"{i:05}" for i in range(1_000)])
    await tx.commit()
    assert await store.rows(TOTAL) == [(sum(range(1_001, 2_501)) + sum(range(2_502, 7_502)), 6_500, 7_501)]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(row("a"), id="the key is taken"),
        pytest.param(row("b", 1, held=2), id="a check"),
        pytest.param(row("b", 1, held=-1), id="another part of the check"),
        pytest.param(("b", None, 1, 0, "[]", None), id="null"),
        pytest.param(row("b", BIG + 1), id="more than 64 bits"),
        pytest.param(row("b", title="a\0b"), id="a NUL"),
        pytest.param(row("b\0"), id="a NUL in the key"),
        pytest.param(row("b", note="\ud800"), id="half a character"),
        pytest.param(("b", "t", {}, 0, "[]", None), id="no number at all"),
    ],
)
async def test_a_refused_row_leaves_a_transaction_to_roll_back(store: Store, bad: tuple[Any, ...]) -> None:
    await put(store, row("a", 1))
    await refused(await store.begin(), bad)
    await refused(await store.begin(), row("c"), bad, row("d"))
    tx = await store.begin()
    await tx.insert(ROWS, [row("e")])
    with pytest.raises(RowRefused):
        await tx.upsert(ROWS, [row("f"), bad if bad[0] != "a" else row("g", 1, held=2)])
    with pytest.raises(StoreUnavailable):  # half a batch is never kept
        await tx.commit()
    await tx.rollback()
    await put(store, row("z", 2))
    assert await amounts(store) == {"a": 1, "z": 2}


async def test_a_key_that_no_row_can_have_finds_nothing(store: Store) -> None:
    await put(store, row("a"))
    tx = await store.begin()
    for key in ("\0", "a\0", "\ud800"):
        assert await store.get(THINGS, key) is None
        assert await tx.load(THINGS, [key]) == []
        assert [thing.id for thing in await tx.load(THINGS, ["a", key])] == ["a"]
        await tx.delete(ROWS, [key])
    await tx.commit()


async def test_the_ends_of_64_bits(store: Store) -> None:
    tx = await store.begin()
    await tx.insert(
        framework_tables("probe").log,
        [(seq, "e", "n", "k", "{}", "", "", -(2**63)) for seq in (-(2**63), BIG)],
    )
    await tx.commit()
    assert await store.rows(
        sa.select(framework_tables("probe").log.c.seq).order_by(framework_tables("probe").log.c.seq)
    ) == [(-(2**63),), (BIG,)]


async def test_one_transaction_at_a_time(store: Store) -> None:
    tx = await store.begin()
    with pytest.raises(StoreUnavailable):
        await store.begin()
    await tx.insert(ROWS, [row("a")])
    await tx.commit()
    await tx.rollback()  # after a commit there is nothing to undo
    assert await amounts(store) == {"a": 1}


async def test_statements_are_recorded_where_somebody_wants_them(store: Store) -> None:
    tx = await store.begin()
    assert tx.statements is None
    await tx.insert(ROWS, [row("a", title="unseen")])
    found: list[tuple[str, float, float]] = []
    tx.statements = found
    await tx.insert(ROWS, [row("b", title="secret")])
    await tx.insert(ROWS, [row("c"), row("d", title="secret")])
    await tx.rows(TOTAL)
    await tx.load(THINGS, ["a", "b"])
    await tx.commit()
    texts = [text.split(None, 1)[0].upper() for text, began, ended in found if began <= ended]
    assert len(texts) == len(found)
    assert texts[:4] == ["INSERT", "INSERT", "SELECT", "SELECT"]
    assert "secret" not in str(found)


async def test_closed_and_opened_again(store: Store) -> None:
    await put(store, row("a"))
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.begin()
    with pytest.raises(StoreUnavailable):
        await store.get(THINGS, "a")
    await store.open()
    await put(store, row("b"))
    assert await amounts(store) == {"a": 1, "b": 1}


async def test_a_missing_table_says_what_to_do(place: Place) -> None:
    store = place.store()
    await store.open()
    with pytest.raises(StoreUnavailable, match="tradewind migrate up"):
        await store.rows(TOTAL)
    await store.close()
    assert store.exclusive
    assert isinstance(StoreUnusable(), Exception)
