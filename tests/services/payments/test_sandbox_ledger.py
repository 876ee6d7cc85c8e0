"""What the provider has promised survives restarts, crowds, full disks and random faults."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.services.payments.shop import DEADLINE, FakeTime, order, persist, quiet, sandbox
from tradewind.core import failpoints
from tradewind.services.payments.provider.commits import Commits
from tradewind.services.payments.provider.ledger import LedgerEntry, entries
from tradewind.services.payments.provider.port import NoAnswer, ProviderDown, State


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


async def test_a_restart_forgets_nothing(tmp_path: Path, time: FakeTime) -> None:
    path = tmp_path / "provider.db"
    provider = sandbox(path, time)
    charged = await provider.charge(order("tok_ok"))
    await provider.refund("pay-1", "refund-1", 999)
    await provider.void("gone")
    for what in (order("tok_never", "never"), order("tok_declined", "declined")):
        await provider.charge(what)
    with pytest.raises(ProviderDown):
        await provider.charge(order("tok_error_then_ok", "error"))
    await provider.close()

    provider = sandbox(path, time)
    assert (await provider.charge(order("tok_ok"))).charge_id == charged.charge_id
    assert (await provider.refund("pay-1", "refund-1", 999)).refunded == 999
    assert [(await provider.find(key)).state for key in ("gone", "declined", "never")] == [
        State.VOIDED,
        State.DECLINED,
        State.PENDING,
    ]
    with pytest.raises(ProviderDown):
        await provider.charge(order("tok_error_then_ok", "error"))
    assert (await provider.charge(order("tok_error_then_ok", "error"))).state is State.CHARGED
    await provider.close()

    time.now = DEADLINE + 1_000
    provider = sandbox(path, time, commit_inline=True)
    provider.start()
    await quiet()
    assert next(entry for entry in entries(path) if entry.key == "never").charges == 1
    assert next(entries(path)) == LedgerEntry(
        "declined", 1_999, "EUR", "DECLINED", refunded=0, charges=0, taken=0, calls=1
    )
    assert list(entries(path))[-1] == LedgerEntry(
        "pay-1", 1_999, "EUR", "CHARGED", refunded=999, charges=1, taken=1_999, calls=2
    )
    await provider.close()


async def test_a_crowd_with_one_key_is_charged_once_in_one_commit(tmp_path: Path, time: FakeTime) -> None:
    provider = sandbox(tmp_path / "provider.db", time)
    for token in ("tok_ok", "tok_slow", "tok_charged_no_answer"):
        answers = await asyncio.gather(
            *(provider.charge(order(token, token)) for _ in range(64)), return_exceptions=True
        )
        assert len({answer for answer in answers if not isinstance(answer, Exception)}) == 1
    await provider.close()
    assert {(entry.charges, entry.calls) for entry in entries(tmp_path / "provider.db")} == {(1, 64)}
    assert provider.commits_made < 8


async def test_a_commit_that_fails_is_a_provider_that_is_down(tmp_path: Path) -> None:
    class Full:
        """A disk that fills up at the commit."""

        def __init__(self, db: sqlite3.Connection) -> None:
            self.db, self.full = db, True

        def __getattr__(self, name: str) -> Any:
            return getattr(self.db, name)

        def execute(self, sql: str, parameters: Any = (), /) -> Any:
            if self.full and sql == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.db.execute(sql, parameters)

    for inline in (True, False):
        db = sqlite3.connect(tmp_path / f"{inline}.db", isolation_level=None, check_same_thread=False)
        db.execute("CREATE TABLE t (n)")
        disk: Any = Full(db)
        commits = Commits(disk, errors=sqlite3.Error, inline=inline)
        asked = [commits.ask(lambda db: db.execute("INSERT INTO t VALUES (1)")) for _ in range(3)]
        assert [type(result) for result in await asyncio.gather(*asked, return_exceptions=True)] == [
            ProviderDown
        ] * 3
        disk.full = False
        assert (await commits.ask(lambda db: db.execute("SELECT count(*) FROM t").fetchone())) == (0,)
        await commits.close()
        with pytest.raises(ProviderDown):
            commits.ask(lambda db: None)


async def test_a_ledger_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(entries(tmp_path / "provider.db"))


async def test_a_bad_value_hurts_nobody_else(time: FakeTime) -> None:
    provider = sandbox(":memory:", time)
    bad = [
        order("tok_ok", "\ud800"),
        order("tok_ok", "pay-2", currency="\ud800"),
        order("tok_ok", "pay-3", amount=2**63),
    ]
    calls = [provider.charge(what) for what in (*bad, order("tok_ok"))]
    *failed, good = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(error, ValueError) for error in failed)
    assert not isinstance(good, BaseException)
    assert good.state is State.CHARGED
    assert (await provider.find("pay-2")).state is State.UNKNOWN
    await provider.close()


@pytest.mark.parametrize("share", [0.3, 0.7])
async def test_random_faults_never_take_money_twice(tmp_path: Path, time: FakeTime, share: float) -> None:
    provider = sandbox(tmp_path / "provider.db", time, faults=share)
    answers = [await persist(provider, order("tok_ok", f"pay-{n}"), most=200) for n in range(150)]
    assert {answer.state for answer in answers} == {State.CHARGED}
    await provider.close()
    assert [(entry.charges, entry.taken) for entry in entries(tmp_path / "provider.db")] == [(1, 1_999)] * 150
    assert {0.2, 1.0} == set(time.slept)


async def test_every_way_of_failing_happens(tmp_path: Path, time: FakeTime) -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        sandbox(":memory:", time, faults=1.1)
    provider = sandbox(tmp_path / "provider.db", time, faults=1.0, commit_inline=True)
    keys = [f"pay-{n}" for n in range(60)]
    results = await asyncio.gather(
        *(provider.charge(order("tok_ok", key)) for key in keys), return_exceptions=True
    )
    calls = {entry.key: entry.calls for entry in entries(tmp_path / "provider.db")}
    seen = {(type(result).__name__, calls.get(key, 0)) for key, result in zip(keys, results, strict=True)}
    assert seen == {("ProviderDown", 0), ("NoAnswer", 0), ("NoAnswer", 1), ("Answer", 1), ("Answer", 2)}
    await provider.close()


async def test_a_fault_after_the_commit_is_no_answer(time: FakeTime) -> None:
    provider = sandbox(":memory:", time)
    failpoints.arm("provider.done:1:error")
    try:
        with pytest.raises(NoAnswer):
            await provider.charge(order("tok_ok"))
    finally:
        failpoints.disarm()
    assert (await provider.find("pay-1")).state is State.CHARGED
    await provider.close()
