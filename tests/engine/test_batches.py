"""What a batch is: messages that see each other's changes, and of which one that goes wrong hurts itself
alone.
"""

from __future__ import annotations

import logging

import pytest

from tests.engine.hospital import Hospital, bounds
from tests.engine.hospital_messages import Admit, Note, Throw, Told, Weigh
from tradewind.engine import processor


async def test_one_batch_sees_each_others_changes(hospital: Hospital) -> None:
    answers = [
        hospital.tell(Admit("ann")),
        hospital.tell(Note("ann", "one")),
        hospital.tell(Note("ann", "two")),
    ]
    assert await hospital.step()
    assert [answer.told.notes for answer in answers] == [(), ("one",), ("one", "two")]
    assert await hospital.heard("ann") == ("admitted", "one", "two")
    assert hospital.sql("SELECT seq, name, key FROM desk_log") == [
        (1, "Admitted", "ann"),
        (2, "Noted", "ann"),
        (3, "Noted", "ann"),
    ]


async def test_nobody_is_answered_before_the_commit(hospital: Hospital) -> None:
    hospital.store.commits_fail = 1
    answer = hospital.tell(Admit("ann"), claim="c1")
    assert not await hospital.step()
    assert answer.reply is None
    assert await hospital.step()
    assert answer.told.id == "ann"


async def test_a_refusal_undoes_its_message_alone(hospital: Hospital) -> None:
    first, twice, other = (
        hospital.tell(Admit("ann")),
        hospital.tell(Admit("ann")),
        hospital.tell(Admit("bob")),
    )
    assert await hospital.step()
    assert (first.told.id, other.told.id) == ("ann", "bob")
    assert twice.refused == (409, "already_here")
    assert (twice.refusal.says, twice.refusal.detail) == ("Twice.", {"notes": []})
    assert hospital.sql("SELECT key FROM desk_log") == [("ann",), ("bob",)]
    assert await hospital.heard("ann") == ("admitted",)


async def test_what_must_be_there_and_is_not_is_not_found(hospital: Hospital) -> None:
    answer = hospital.tell(Note("nobody", "one"))
    await hospital.step()
    assert answer.refused == (404, "not_found")


async def test_a_bug_hurts_its_own_request_alone(
    hospital: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        answers = await hospital.say(Admit("ann"), Note("ann", "one"), Note("ann", "bug"), Note("ann", "two"))
    assert answers[2].refused == (500, "internal_error")
    assert answers[3].told.notes == ("one", "two")
    assert await hospital.heard("ann") == ("admitted", "one", "two")
    assert await hospital.parked() == []


async def test_what_a_handler_yielded_before_a_bad_effect_is_undone_too(hospital: Hospital) -> None:
    """An event that cannot be written: the ones before it have a number already, and the row is changed."""
    answers = await hospital.say(Admit("ann"), Note("ann", "\ud800"), Note("ann", "two"), Admit("bob"))
    assert answers[1].refused == (500, "internal_error")
    assert answers[2].told.notes == ("two",)
    assert await hospital.heard("ann") == ("admitted", "two")
    assert [seq for (seq,) in hospital.sql("SELECT seq FROM desk_log")] == [1, 2, 3]


async def test_a_fresh_id_is_the_messages_own(hospital: Hospital) -> None:
    first, second = await hospital.say(Throw("ann", 0), Throw("ann", 0))
    assert first.told.new_id != second.told.new_id
    hospital.store.commits_fail = 2
    answer = hospital.tell(Throw("ann", 0), claim="c1")
    for _ in range(3):
        await hospital.step()
    assert isinstance(answer.told, Told)


async def test_an_exchange_without_end_is_cut_into_batches(hospital: Hospital) -> None:
    await hospital.step()
    with bounds(processor, CHAIN=10):
        hospital.tell(Throw("ann", 30))
        assert await hospital.step()
        assert hospital.processor.busy
        assert 0 < hospital.count("ward_log") < 20
        await hospital.quiet()
    assert await hospital.heard("ann") == tuple(f"ball {left}" for left in reversed(range(30)))


async def test_a_full_queue_is_told_at_once(hospital: Hospital) -> None:
    from tradewind.engine import inbox as inbound

    with bounds(inbound, QUEUE=2):
        answers = [hospital.tell(Admit(name)) for name in ("ann", "bob", "eve")]
    assert answers[2].refused == (503, "overloaded")
    assert answers[2].refusal.retry_after == 1
    await hospital.quiet()
    assert [answer.told.id for answer in answers[:2]] == ["ann", "bob"]


async def test_what_nobody_hears_is_kept_and_moves_nothing(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"), Weigh("ann", 70), Weigh("ann", 71))
    assert hospital.count("desk_log") == 3
    assert await hospital.heard("ann") == ("admitted",)
    assert hospital.runtime("ward").subscriptions["desk"].lag == 0
