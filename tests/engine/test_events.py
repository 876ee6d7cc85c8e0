"""An event is heard by each subscriber exactly once and in order: from memory, from the log, over restarts
and in a rush.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import Hospital, bounds
from tests.engine.hospital_messages import Admit, Note, Noted, Throw, Weigh
from tradewind.core.model import wire_name
from tradewind.engine import batch_policy as batch_policy
from tradewind.engine import processor, subscriptions
from tradewind.engine.inbox import Envelope, Origin


def place(hospital: Hospital) -> int:
    return int(dict(hospital.sql("SELECT source, position FROM ward_cursors")).get("desk", 0))


async def notes(hospital: Hospital, name: str, *numbers: int) -> None:
    for n in numbers:
        hospital.tell(Note(name, str(n)))


async def test_places_move_with_what_was_handled_and_over_what_is_skipped(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    assert place(hospital) == 1
    await hospital.say(Weigh("ann", 70), Weigh("ann", 71))
    assert (place(hospital), hospital.runtime("ward").subscriptions["desk"].position) == (1, 3)
    await hospital.say(Note("ann", "one"))
    assert place(hospital) == 4
    await hospital.say(Weigh("ann", 72))
    await hospital.restart()
    await hospital.quiet()
    assert await hospital.heard("ann") == ("admitted", "one")
    assert hospital.runtime("ward").subscriptions["desk"].lag == 0


async def test_what_was_said_and_not_heard_is_heard_after_a_restart(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    with bounds(batch_policy, RUSH=2):
        await notes(hospital, "ann", *range(10))
        assert await hospital.step()
    assert (hospital.count("desk_log"), place(hospital)) == (11, 1)
    assert hospital.runtime("ward").subscriptions["desk"].lag == 10
    await hospital.restart()
    await notes(hospital, "ann", 10, 11)
    await hospital.quiet()
    assert (await hospital.heard("ann"))[1:] == tuple(str(n) for n in range(12))


async def test_a_restart_at_any_batch_changes_nothing(hospital: Hospital) -> None:
    with bounds(processor, CHAIN=4):
        for n in range(5):
            hospital.tell(Throw(f"p{n}", 7))
        for _ in range(100):
            await hospital.step()
            await hospital.restart()
        await hospital.quiet()
    for n in range(5):
        assert await hospital.heard(f"p{n}") == tuple(f"ball {left}" for left in reversed(range(7)))


async def test_a_rush_leaves_reactions_to_later_and_keeps_their_order(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    with bounds(batch_policy, SHARE=0.5):
        for round_ in range(3):
            await notes(hospital, "ann", *range(round_ * 80, round_ * 80 + 80))
            assert await hospital.step()
            assert hospital.runtime("ward").subscriptions["desk"].behind
            assert len(await hospital.heard("ann")) == 1 + round_ * 40
    await hospital.quiet()
    assert (await hospital.heard("ann"))[1:] == tuple(str(n) for n in range(240))


async def test_a_batch_of_a_backlog_is_bounded(hospital: Hospital) -> None:
    """A request that comes meanwhile waits for all of it."""
    await hospital.say(Admit("ann"))
    with bounds(batch_policy, RUSH=2):
        await notes(hospital, "ann", *range(60))
        assert await hospital.step()
    hospital.clock.at += batch_policy.CALM_MS + 1
    with bounds(batch_policy, WAITING=20):
        for seen in (20, 40, 60):
            assert await hospital.step()
            assert len(await hospital.heard("ann")) == 1 + seen


async def test_a_line_that_hears_little_of_a_log_gets_on(hospital: Hospital) -> None:
    """What it skips is no message: a batch of a rush looks past it."""
    await hospital.say(Admit("ann"))
    with bounds(subscriptions, TAIL=1), bounds(batch_policy, RUSH=2, SLICE=4, SHARE=0):
        for n in range(20):
            hospital.tell(Weigh("ann", n))
        await notes(hospital, "ann", 1, 2, 3)
        assert await hospital.step()
        await notes(hospital, "ann", 4, 5)
        assert await hospital.step()
        assert (await hospital.heard("ann"))[1:] == ("1", "2", "3")


async def test_few_requests_are_no_rush(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    await notes(hospital, "ann", *range(batch_policy.RUSH - 1))
    assert await hospital.step()
    assert len(await hospital.heard("ann")) == batch_policy.RUSH


@pytest.mark.parametrize("tail", [1, 5, 20])
@pytest.mark.parametrize("batch", [1, 3, 256])
async def test_a_backlog_that_memory_cannot_hold_is_read_from_the_log(
    hospital: Hospital, tail: int, batch: int
) -> None:
    await hospital.say(Admit("ann"))
    with bounds(subscriptions, TAIL=tail), bounds(batch_policy, RUSH=2):
        for start in range(0, 30, 10):
            await notes(hospital, "ann", *range(start, start + 10))
            hospital.tell(Weigh("ann", start))
            await hospital.step()
        assert hospital.runtime("ward").subscriptions["desk"].behind
    with bounds(batch_policy, WAITING=batch):
        await hospital.quiet()
    assert (await hospital.heard("ann"))[1:] == tuple(str(n) for n in range(30))
    assert place(hospital) == hospital.runtime("desk").seq == 34


async def test_new_events_wait_behind_the_backlog(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    with bounds(batch_policy, RUSH=2, SLICE=4):
        await notes(hospital, "ann", *range(10))
        await hospital.step()
    with bounds(batch_policy, WAITING=2):
        for n in range(10, 15):
            await notes(hospital, "ann", n)
            await hospital.step()
        await hospital.quiet()
    assert (await hospital.heard("ann"))[1:] == tuple(str(n) for n in range(15))


async def test_an_event_that_cannot_be_read_is_parked_and_does_not_stop_the_line(
    hospital: Hospital, silence: None
) -> None:
    await hospital.say(Admit("ann"), Admit("bob"))
    with bounds(batch_policy, RUSH=1):
        await notes(hospital, "ann", 1, 2)
        await notes(hospital, "bob", 3)
        await hospital.step()
    hospital.sql("UPDATE desk_log SET body = '{\"text\":5}' WHERE seq = 3")
    await hospital.restart()
    await hospital.quiet()
    dead, behind = await hospital.parked()
    assert (dead.status, dead.name, dead.key, dead.body) == ("DEAD", wire_name(Noted), "ann", '{"text":5}')
    assert dead.reason.startswith("ValidationError")
    assert (behind.status, behind.key) == ("WAITING", "ann")
    assert await hospital.heard("bob") == ("admitted", "3")
    await hospital.restart()
    await hospital.quiet()
    assert len(await hospital.parked()) == 2


async def test_the_cause_and_the_trace_travel_with_an_event(hospital: Hospital) -> None:
    hospital.tell(Throw("ann", 2), trace="t-1")
    await hospital.quiet()
    desk, ward = (
        [(cause, trace) for cause, trace in hospital.sql(f"SELECT cause, trace FROM {name}_log")]
        for name in ("desk", "ward")
    )
    ids = {name: [id for (id,) in hospital.sql(f"SELECT id FROM {name}_log")] for name in ("desk", "ward")}
    assert desk == [("t-1", "t-1"), (ids["ward"][0], "t-1")]
    assert ward == [(ids["desk"][0], "t-1"), (ids["desk"][1], "t-1")]


async def test_a_message_that_nobody_knows_hurts_itself_alone(hospital: Hospital, silence: None) -> None:
    stray = Envelope(hospital.runtime("ward"), Noted("ann", "lost"), Origin.LEARNED, "x", 0)
    hospital.processor.put_internal(
        Envelope(hospital.runtime("desk"), Noted("ann", "lost"), Origin.LEARNED, "x", 0)
    )
    hospital.processor.put_internal(stray)
    (answer,) = await hospital.say(Admit("bob"))
    assert answer.told.id == "bob"
    assert await hospital.heard("ann") == ("lost",)
    assert [letter.name for letter in await hospital.parked()] == ["Noted"]
