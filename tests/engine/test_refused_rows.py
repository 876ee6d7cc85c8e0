"""A row that the store will never take has one message behind it: it is found, and neither its neighbours nor
its causes pay for it.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import DELAYS, START, Hospital, bounds
from tests.engine.hospital_messages import Admit, Note, Remind, Seen, Throw, Weigh
from tests.engine.hospital_services import Patient
from tradewind.core.dead_letters import ReplayDeadLetter
from tradewind.engine import batch_policy as batch_policy
from tradewind.engine.inbox import Envelope, Origin

pytestmark = pytest.mark.usefixtures("silence")


async def test_a_request_is_answered_500_and_its_neighbours_commit(hospital: Hospital) -> None:
    answers = await hospital.say(
        Admit("ann"), Weigh("ann", 70), Weigh("ann", -1), Note("ann", "one"), Admit("bob")
    )
    assert [answer.reply.status for answer in answers if answer.reply] == [0, 0, 500, 0, 0]
    assert hospital.sql("SELECT id, notes, kilos FROM desk_patients ORDER BY id") == [
        ("ann", '["one"]', 70),
        ("bob", "[]", 0),
    ]
    assert await hospital.heard("ann") == ("admitted", "one")
    assert await hospital.parked() == []


async def test_such_a_request_may_be_tried_again_under_its_claim(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    for _ in range(2):
        answer = hospital.tell(Weigh("ann", -1), claim="c1")
        await hospital.quiet()
        assert answer.refused == (500, "internal_error")
    assert hospital.count("desk_inbox") == 0


async def test_an_event_is_parked_and_its_cause_is_kept(hospital: Hospital) -> None:
    """The request alone in its batch: what is refused is the ward's row, not the desk's."""
    await hospital.say(Admit("ann"))
    (answer,) = await hospital.say(Note("ann", "unkeepable"))
    assert answer.told.notes == ("unkeepable",)
    (letter,) = await hospital.parked()
    assert (letter.name, letter.key, letter.status, letter.attempts) == ("Noted", "ann", "RETRYING", 1)
    assert letter.reason.startswith("RowRefused: CHECK constraint failed")
    assert await hospital.heard("ann") == ("admitted",)


async def test_it_waits_its_delays_and_dies_while_others_go_on(hospital: Hospital) -> None:
    await hospital.say(
        Admit("ann"), Admit("bob"), Note("ann", "unkeepable"), Note("ann", "two"), Note("bob", "one")
    )
    for delay in DELAYS:
        await hospital.later(delay)
        await hospital.say(Note("bob", f"after {delay}"))
    dead, behind = await hospital.parked()
    assert (dead.status, dead.attempts, behind.status) == ("DEAD", 3, "WAITING")
    assert await hospital.heard("bob") == ("admitted", "one", "after 1000", "after 5000")
    await hospital.say(ReplayDeadLetter(dead.id))
    assert [letter.status for letter in await hospital.parked()] == ["RETRYING", "WAITING"]


@pytest.mark.parametrize("bad", ["request", "timer", "letter"])
async def test_it_is_found_among_all_that_is_due(hospital: Hospital, bad: str) -> None:
    """A timer and a parked message of each service come due when a request arrives: one of them is refused,
    and all others are handled.
    """
    hospital.script.fails["late"] = 1
    await hospital.say(Admit("ann"), Admit("bob"), Admit("eve"))
    await hospital.say(Note("bob", "late"), Remind("ann", START + DELAYS[0]))
    if bad == "letter":
        hospital.sql("UPDATE ward_parked SET body = replace(body, 'late', 'unkeepable')")
    if bad == "timer":
        hospital.script.visits = lambda patient: Patient(patient, kilos=-1)
    hospital.clock.at += DELAYS[0]
    answer = hospital.tell(Weigh("eve", -1 if bad == "request" else 1))
    for n in range(3):
        hospital.tell(Note("eve", str(n)))
    await hospital.quiet()
    assert answer.reply is not None and answer.reply.status == (500 if bad == "request" else 0)
    assert await hospital.heard("eve") == ("admitted", "0", "1", "2")
    assert [letter.reason[:10] for letter in await hospital.parked()] == (
        [] if bad == "request" else ["RowRefused"]
    )


async def test_a_stream_of_requests_does_not_hide_it(hospital: Hospital) -> None:
    """There is always somebody at the desk; what the ward cannot keep is found all the same."""
    await hospital.say(Admit("ann"), Admit("bob"))
    hospital.tell(Note("ann", "unkeepable"))
    answers = []
    for n in range(60):
        answers.append(hospital.tell(Note("bob", str(n))))
        await hospital.step()
    assert [letter.name for letter in await hospital.parked()] == ["Noted"]
    await hospital.quiet()
    assert (await hospital.heard("bob"))[1:] == tuple(str(n) for n in range(60))
    assert all(answer.told for answer in answers)


async def test_it_is_found_in_a_long_backlog(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"), Admit("bob"))
    with bounds(batch_policy, RUSH=2):
        for n in range(30):
            hospital.tell(Note("bob", str(n)))
            if n == 15:
                hospital.tell(Note("ann", "unkeepable"))
        await hospital.step()
    await hospital.quiet()
    assert (await hospital.heard("bob"))[1:] == tuple(str(n) for n in range(30))
    assert [letter.key for letter in await hospital.parked()] == ["ann"]


async def test_a_message_at_fault_does_not_make_the_store_look_broken(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    hospital.tell(Weigh("ann", -1))
    hospital.platform.ready = True
    assert not await hospital.step()
    assert hospital.platform.missing() == []


async def test_what_cannot_even_be_kept_as_a_letter_is_kept_as_a_text(hospital: Hospital) -> None:
    hospital.processor.put_internal(
        Envelope(hospital.runtime("desk"), Seen("ann", "\ud800"), Origin.LEARNED, "", 0)
    )
    (answer,) = await hospital.say(Admit("bob"))
    assert answer.told.id == "bob"
    (letter,) = await hospital.parked()
    assert (letter.status, letter.name) == ("RETRYING", "Seen")
    assert "ud800" in letter.body
    await hospital.later(DELAYS[0])
    assert [letter.status for letter in await hospital.parked()] == ["DEAD"]


async def test_a_request_is_not_taken_for_the_event_whose_id_it_bears(hospital: Hospital) -> None:
    """A caller may choose the id of a request."""
    await hospital.say(Admit("ann"), Note("ann", "unkeepable"))
    hospital.processor.dead_letters.refused["ward", "an event"] = "RowRefused: a row"
    answer = hospital.tell(Note("ann", "two"), trace="an event")
    await hospital.quiet()
    assert answer.told.id == "ann"


async def test_a_bug_outside_any_handler_is_found_the_same_way(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that cannot even be turned into a row."""
    await hospital.say(Admit("ann"), Admit("bob"))
    monkeypatch.setattr(
        "tests.engine.hospital_services.Weigh.kilos", property(lambda ask: {1, 2}), raising=False
    )
    answers = await hospital.say(Note("ann", "one"), Throw("bob", 2), Weigh("ann", 1), Note("bob", "two"))
    assert [answer.reply.status for answer in answers if answer.reply] == [0, 0, 500, 0]
    assert await hospital.heard("bob") == ("admitted", "ball 1", "ball 0", "two")
