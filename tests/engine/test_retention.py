"""What is old goes, a little at a time: never what somebody has not read, and never the row that tells the
next number.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import Hospital, bounds
from tests.engine.hospital_messages import Admit, Note, Throw, Weigh
from tradewind.engine import batch_policy as batch_policy
from tradewind.engine import retention

KEEP_MS = 60_000


@pytest.fixture
def old(hospital: Hospital) -> Hospital:
    """One that keeps things for a minute."""
    hospital.retention_ms = KEEP_MS
    hospital.open()
    return hospital


async def sweep(hospital: Hospital) -> bool:
    return await hospital.platform._retention.sweep()


async def test_old_rows_go_and_the_newest_of_the_log_stays(old: Hospital) -> None:
    for n in range(3):
        old.tell(Throw("ann", 2), claim=f"c{n}")
    await old.quiet()
    assert (old.count("desk_log"), old.count("ward_log"), old.count("desk_inbox")) == (6, 6, 3)
    old.clock.at += KEEP_MS
    assert not await sweep(old)
    assert (old.count("desk_log"), old.count("desk_inbox")) == (6, 3)
    old.clock.at += 1
    assert not await sweep(old)
    assert old.sql("SELECT seq FROM desk_log") == old.sql("SELECT seq FROM ward_log") == [(6,)]
    assert old.count("desk_inbox") == 0


async def test_young_rows_stay(old: Hospital) -> None:
    await old.say(Admit("ann"), Note("ann", "one"))
    old.clock.at += KEEP_MS + 1
    old.tell(Note("ann", "two"), claim="young")
    await old.quiet()
    await sweep(old)
    assert (old.sql("SELECT seq FROM desk_log"), old.sql("SELECT id FROM desk_inbox")) == (
        [(3,)],
        [("young",)],
    )


async def test_numbers_never_come_again(old: Hospital) -> None:
    await old.say(Admit("ann"), Note("ann", "one"))
    for n in range(3):
        old.clock.at += KEEP_MS + 1
        await sweep(old)
        await old.restart()
        await old.say(Note("ann", f"later {n}"))
    assert old.sql("SELECT max(seq) FROM desk_log") == [(5,)]
    assert await old.heard("ann") == ("admitted", "one", "later 0", "later 1", "later 2")


@pytest.mark.parametrize("restart", [False, True])
async def test_what_somebody_has_not_read_stays(old: Hospital, restart: bool) -> None:
    await old.say(Admit("ann"))
    with bounds(batch_policy, RUSH=1, SLICE=2):
        for n in range(5):
            old.tell(Note("ann", str(n)))
        await old.step()
        if restart:
            await old.restart()
            old.tell(Weigh("ann", 1))
            await old.step()
        old.clock.at += KEEP_MS + 1
        await sweep(old)
    assert old.runtime("ward").subscriptions["desk"].behind
    await old.restart()
    await old.quiet()
    assert await old.heard("ann") == ("admitted", "0", "1", "2", "3", "4")
    await sweep(old)
    assert old.count("desk_log") == 1


async def test_a_line_that_only_skips_does_not_hold_the_log(old: Hospital) -> None:
    await old.say(Admit("ann"))
    await old.say(*[Weigh("ann", n) for n in range(10)])
    old.clock.at += KEEP_MS + 1
    await sweep(old)
    assert old.count("desk_log") == 1
    await old.restart()
    await old.say(Note("ann", "one"))
    assert await old.heard("ann") == ("admitted", "one")


async def test_it_goes_a_little_at_a_time(old: Hospital) -> None:
    for n in range(7):
        old.tell(Throw("ann", 0), claim=f"c{n}")
    await old.say(Admit("ann"), *[Note("ann", str(n)) for n in range(6)])
    old.clock.at += KEEP_MS + 1
    with bounds(retention, ROWS=3):
        assert await sweep(old)
        assert (old.count("desk_inbox"), old.count("desk_log")) == (4, 4)
        while await sweep(old):
            pass
    assert (old.count("desk_inbox"), old.count("desk_log")) == (0, 1)


@pytest.mark.parametrize("trouble", ["begins_fail", "commits_fail", "commits_unknown"])
async def test_a_store_in_trouble_loses_nothing(old: Hospital, silence: None, trouble: str) -> None:
    await old.say(Admit("ann"), Note("ann", "one"))
    old.clock.at += KEEP_MS + 1
    setattr(old.store, trouble, 1)
    assert not await sweep(old)
    await old.say(Note("ann", "two"))
    assert await old.heard("ann") == ("admitted", "one", "two")
    await sweep(old)
    assert old.count("desk_log") == 1


async def test_without_a_limit_nothing_is_swept(hospital: Hospital) -> None:
    hospital.platform._retention.start()
    assert hospital.platform._retention._task is None
