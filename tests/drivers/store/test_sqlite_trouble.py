"""A SQLite file that is locked, read-only, corrupt, full or no database: the store says so, writes nothing,
and works again after.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drivers.store.tables import PROBE, ROWS, THINGS, row
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.databases import Place
from tradewind.core.store import StoreUnavailable, StoreUnusable
from tradewind.drivers.sqlite import store as driver
from tradewind.drivers.sqlite.store import SqliteStore

NOBODY = 65_534


@pytest.fixture
def file(sqlite: Place) -> Path:
    sqlite.fill(PROBE)
    return sqlite.data / "tradewind.db"


@contextmanager
def powerless() -> Iterator[None]:
    """Whoever we are, we are not root in here: root may write anywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


async def test_another_writer_holds_the_lock(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "BUSY_MS", 50)
    store = SqliteStore(file)
    await store.open()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another program holds a write lock"):
        await store.begin()
    other.execute("ROLLBACK")
    other.close()
    await put(store, row("a"))
    assert await amounts(store) == {"a": 1}
    await store.close()


async def test_a_full_disk_refuses_the_batch_and_no_more(file: Path) -> None:
    store = SqliteStore(file)
    await store.open()
    await put(store, row("a"))
    (pages,) = store.writer.execute("PRAGMA page_count").fetchone()
    store.writer.execute(f"PRAGMA max_page_count={pages + 2}")
    tx = await store.begin()
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await tx.insert(ROWS, [row(f"b{i}", title="x" * 5_000) for i in range(50)])
    with pytest.raises(StoreUnavailable):
        await tx.commit()
    await tx.rollback()
    assert await amounts(store) == {"a": 1}
    store.writer.execute("PRAGMA max_page_count=1000000")
    await put(store, row("c"))
    assert await amounts(store) == {"a": 1, "c": 1}
    await store.close()


async def test_a_file_or_folder_that_is_read_only(file: Path) -> None:
    with tempfile.TemporaryDirectory() as base:
        os.chmod(base, 0o755)
        lone = Path(base) / "tradewind.db"
        lone.write_bytes(file.read_bytes())
        lone.chmod(0o444)
        with powerless(), pytest.raises(StoreUnusable, match=r"read-only|cannot be opened"):
            await SqliteStore(lone).open()
        with (
            powerless(),
            pytest.raises(
                StoreUnusable, match="check that the folder exists and that this user may write to it"
            ),
        ):
            await SqliteStore(Path(base) / "new.db").open()


@pytest.mark.parametrize(
    "content",
    [b"no database, but long enough to look like one" * 100, b"SQLite format 3\0" + b"\xff" * 4_096],
)
async def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tradewind.db").write_bytes(content)
    with pytest.raises(
        StoreUnusable, match=r"tradewind.db: it is not a SQLite database .*: restore a backup"
    ):
        await SqliteStore(tmp_path / "tradewind.db").open()
    assert (tmp_path / "tradewind.db").read_bytes() == content


async def test_a_file_that_is_damaged_inside(file: Path) -> None:
    store = SqliteStore(file)
    await store.open()
    await put(store, *[row(f"{i:04}", title="x" * 500) for i in range(500)])
    await store.close()
    with file.open("r+b") as damaged:
        damaged.seek(4_096 * 30)
        damaged.write(os.urandom(4_096 * 20))
    await store.open()
    with pytest.raises(StoreUnavailable, match="corrupt: restore a backup"):
        await amounts(store)
    tx = await store.begin()
    with pytest.raises(StoreUnavailable, match="corrupt: restore a backup"):
        await tx.load(THINGS, [f"{i:04}" for i in range(500)])
    await tx.rollback()
    await store.close()


async def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="check that the folder exists"):
        await SqliteStore(tmp_path / "nowhere" / "tradewind.db").open()
