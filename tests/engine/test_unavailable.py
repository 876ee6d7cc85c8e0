"""A store that cannot take a batch poisons nothing: the batch is tried again, and nothing in it is lost,
doubled or out of order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.engine.hospital import DELAYS, START, Hospital
from tests.engine.hospital_messages import Admit, Note, Remind, Scan, Throw
from tests.engine.hospital_services import BEDS, Bed
from tests.support.tables import keep
from tradewind.core.bus import EventRecord
from tradewind.core.store import RowRefused
from tradewind.engine.inbox import PATIENCE_MS

pytestmark = pytest.mark.usefixtures("silence")
TROUBLES = ["begins_fail", "commits_fail", "commits_unknown"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_every_kind_of_message_is_handled_once(hospital: Hospital, trouble: str) -> None:
    """A request, an event, a timer, an outcome and a parked message in one batch that the store cannot take,
    twice.
    """
    hospital.script.fails["late"] = 1
    await hospital.say(Admit("ann"), Note("ann", "late"), Remind("bob", START + DELAYS[0]))
    hospital.tell(Scan("eve"))
    await hospital.step()
    hospital.clock.at += DELAYS[0]
    setattr(hospital.store, trouble, 2)
    answer = hospital.tell(Throw("tom", 2), claim="c1")
    await hospital.quiet()
    assert answer.told.id == "tom"
    assert [await hospital.heard(name) for name in ("ann", "bob", "eve", "tom")] == [
        ("admitted", "late"),
        (f"visit {hospital.clock.at}",),
        ("seen hand",),
        ("ball 1", "ball 0"),
    ]
    assert len(hospital.script.attempts) == 1
    assert [hospital.count(f"desk_{kind}") for kind in ("timers", "activities", "parked")] == [0, 0, 0]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_order_is_kept(hospital: Hospital, trouble: str) -> None:
    await hospital.say(Admit("ann"))
    for n in range(12):
        hospital.tell(Note("ann", str(n)), claim=f"c{n}")
        if n % 3 == 0:
            setattr(hospital.store, trouble, 1)
        await hospital.step()
    await hospital.quiet()
    assert (await hospital.heard("ann"))[1:] == tuple(str(n) for n in range(12))


async def test_who_has_waited_too_long_is_told(hospital: Hospital) -> None:
    hospital.store.begins_fail = 3
    early = hospital.tell(Admit("ann"))
    hospital.clock.at += PATIENCE_MS
    late = hospital.tell(Admit("bob"))
    assert not await hospital.step()
    assert early.reply is None
    hospital.clock.at += 1
    assert not await hospital.step()
    assert early.refused == (503, "store_unavailable")
    assert early.refusal.retry_after > 0
    assert late.reply is None
    assert hospital.platform.missing() == ["starting or stopping"]
    await hospital.quiet()
    assert late.told.id == "bob"
    assert hospital.sql("SELECT id FROM desk_patients") == [("bob",)]


async def test_who_waits_behind_a_full_batch_is_told_too(hospital: Hospital) -> None:
    """A batch holds 256 messages; the patience of those behind it ends at the same time."""
    answers = [hospital.tell(Admit(f"p{n}")) for n in range(600)]
    hospital.clock.at += PATIENCE_MS + 1
    last = hospital.tell(Admit("last"))
    hospital.store.begins_fail = 1
    await hospital.step()
    assert {answer.refused for answer in answers} == {(503, "store_unavailable")}
    await hospital.quiet()
    assert last.told.id == "last"


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_memory_held_is_forgotten(hospital: Hospital, trouble: str) -> None:
    """While we could not reach the store another process may have had it."""
    await hospital.say(Admit("ann"), Note("ann", "one"))
    setattr(hospital.store, trouble, 1)
    hospital.tell(Admit("bob"))
    assert not await hospital.step()
    await keep(hospital.store, BEDS, Bed("ann", ("moved",)))
    await hospital.say(Note("ann", "two"))
    assert await hospital.heard("ann") == ("moved", "two")


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_nothing_is_swept_by_a_memory_that_may_be_wrong(hospital: Hospital, trouble: str) -> None:
    """Old rows go by the place each subscriber has reached: known once it is read anew."""
    hospital.retention_ms = 1_000
    hospital.open()
    await hospital.say(Admit("ann"))
    setattr(hospital.store, trouble, 1)
    hospital.tell(Note("ann", "one"), claim="c1")
    assert not await hospital.step()
    await hospital.platform._retention.sweep()
    await hospital.quiet()
    assert await hospital.heard("ann") == ("admitted", "one")


async def test_a_sweep_before_the_first_batch_moves_nobody_back(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"), Note("ann", "one"))
    await hospital.restart()
    hospital.store.begins_fail = 1
    assert not await hospital.step()
    await hospital.platform._retention.sweep()
    await hospital.quiet()
    assert await hospital.heard("ann") == ("admitted", "one")


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_request_without_a_claim_is_never_done_twice(hospital: Hospital, trouble: str) -> None:
    """Its neighbour, which has one, is tried again."""
    setattr(hospital.store, trouble, 1)
    answer, claimed = hospital.tell(Throw("ann", 1)), hospital.tell(Throw("bob", 1), claim="c1")
    await hospital.quiet()
    if trouble == "begins_fail":
        assert answer.told.id == "ann"
    else:
        assert answer.refused == (503, "outcome_unknown")
    assert claimed.told.id == "bob"
    assert await hospital.heard("ann") == (() if trouble == "commits_fail" else ("ball 0",))
    assert await hospital.heard("bob") == ("ball 0",)


async def test_a_commit_that_refuses_is_no_riddle(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store will never take was not taken: who asked for it is told so, once, and the others are
    tried again.
    """

    async def refuse(commit: Callable[[], Awaitable[None]]) -> None:
        if hospital.sql("SELECT id FROM desk_patients WHERE id = 'bad'"):
            raise RowRefused("at the very end")
        await commit()

    monkeypatch.setattr(hospital.store, "_commit", refuse)
    ann, bad, bob = await hospital.say(Admit("ann"), Admit("bad"), Admit("bob"))
    assert (ann.told.id, bad.refused, bob.told.id) == ("ann", (500, "internal_error"), "bob")


async def test_an_event_that_was_not_handled_is_not_done_when_we_leave(hospital: Hospital) -> None:
    """The broker would forget it."""
    ended: list[object] = []
    told = EventRecord("desk", "e1", "Noted", "ann", '{"patient":"ann","text":"0"}', "", 1, 1)
    hospital.platform.receive(told, "ward", lambda *ends: ended.append(ends))
    hospital.store.begins_fail = 1
    assert not await hospital.step()
    request = hospital.tell(Admit("bob"))
    hospital.processor.inbound.refuse_all()
    assert request.refused == (503, "store_unavailable")
    assert ended == []
