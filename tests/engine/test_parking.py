"""A message that cannot be handled steps aside with its reason: its neighbours go on, and those of its key
wait behind it in order.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import ADMIN, DELAYS, START, Hospital
from tests.engine.hospital_messages import Admit, Note, Noted, Remind
from tradewind.core.dead_letters import DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from tradewind.core.model import Refused

pytestmark = pytest.mark.usefixtures("silence")


async def poison(hospital: Hospital, times: int = 99) -> None:
    """Ann's second note fails, her third waits behind it; Bob's goes on."""
    hospital.script.fails["two"] = times
    await hospital.say(
        Admit("ann"),
        Admit("bob"),
        *[Note("ann", text) for text in ("one", "two", "three")],
        Note("bob", "two and a half"),
    )


async def test_a_bug_parks_its_own_event_alone(hospital: Hospital) -> None:
    await poison(hospital)
    assert await hospital.heard("ann") == ("admitted", "one")
    assert await hospital.heard("bob") == ("admitted", "two and a half")
    failed, behind = await hospital.parked()
    assert (failed.status, failed.attempts, failed.due_at) == ("RETRYING", 1, START + DELAYS[0])
    assert (failed.name, failed.key, failed.origin, failed.first_at) == ("Noted", "ann", "event", START)
    assert failed.reason == "KeyError: 'the ward stumbles over two'"
    assert (behind.status, behind.attempts, behind.key) == ("WAITING", 0, "ann")
    assert hospital.runtime("ward").subscriptions["desk"].lag == 0


async def test_it_is_tried_again_after_each_delay_and_then_is_dead(hospital: Hospital) -> None:
    await poison(hospital)
    await hospital.later(DELAYS[0] - 1)
    assert hospital.script.fails["two"] == 98
    for number, delay in enumerate(DELAYS, 1):
        letter = (await hospital.parked())[0]
        assert (letter.status, letter.attempts) == ("RETRYING", number)
        await hospital.later(letter.due_at - hospital.clock.at)
        assert hospital.script.fails["two"] == 98 - number, delay
    dead, behind = await hospital.parked()
    assert (dead.status, dead.attempts, dead.last_at) == ("DEAD", 3, START + sum(DELAYS))
    assert behind.status == "WAITING"
    await hospital.later(10_000_000)
    assert hospital.script.fails["two"] == 96


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("times", [1, 2])
async def test_what_works_in_the_end_is_handled_once_and_in_order(
    hospital: Hospital, restart: bool, times: int
) -> None:
    await poison(hospital, times)
    for delay in DELAYS:
        if restart:
            await hospital.restart()
        await hospital.say(Note("ann", f"after {delay}"))
        await hospital.later(delay)
    assert await hospital.heard("ann") == ("admitted", "one", "two", "three", "after 1000", "after 5000")
    assert await hospital.parked() == []
    await hospital.say(Note("ann", "last"))
    assert (await hospital.heard("ann"))[-1] == "last"
    assert hospital.runtime("ward").blocked == set()


@pytest.mark.parametrize("restart", [False, True])
async def test_replay_handles_it_once_and_then_those_behind(hospital: Hospital, restart: bool) -> None:
    await poison(hospital, 3)
    await hospital.later(sum(DELAYS))
    await hospital.later(sum(DELAYS))
    if restart:
        await hospital.restart()
    await hospital.say(Note("ann", "four"))
    dead, *behind = await hospital.parked()
    assert [letter.status for letter in (dead, *behind)] == ["DEAD", "WAITING", "WAITING"]
    waits, replayed = (
        hospital.tell(ReplayDeadLetter(behind[0].id), caller=ADMIN),
        hospital.tell(ReplayDeadLetter(dead.id), caller=ADMIN),
    )
    await hospital.quiet()
    assert waits.refused == (409, "waits_for_another")
    assert replayed.reply is not None and replayed.reply.status == 0
    assert await hospital.heard("ann") == ("admitted", "one", "two", "three", "four")
    assert await hospital.parked() == []
    gone = hospital.tell(ReplayDeadLetter(dead.id), caller=ADMIN)
    await hospital.quiet()
    assert gone.refused == (404, "not_found")


async def test_a_replay_that_fails_begins_the_delays_anew(hospital: Hospital) -> None:
    await poison(hospital, 4)
    await hospital.later(sum(DELAYS))
    await hospital.later(sum(DELAYS))
    dead = (await hospital.parked())[0]
    await hospital.say(ReplayDeadLetter(dead.id))
    letter = (await hospital.parked())[0]
    assert (letter.id, letter.status, letter.attempts, letter.first_at) == (dead.id, "RETRYING", 1, START)
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("admitted", "one", "two", "three")


async def test_discard_lets_those_behind_go_on(hospital: Hospital) -> None:
    await poison(hospital)
    failed = (await hospital.parked())[0]
    await hospital.say(DiscardDeadLetter(failed.id))
    assert await hospital.heard("ann") == ("admitted", "one", "three")
    assert await hospital.parked() == []
    again = await hospital.say(
        DiscardDeadLetter(failed.id), ReplayDeadLetter(failed.id), DiscardDeadLetter("never")
    )
    assert [answer.refused for answer in again] == [(404, "not_found")] * 3
    await hospital.later(sum(DELAYS))
    assert hospital.script.fails["two"] == 98


async def test_one_behind_may_be_discarded_alone(hospital: Hospital) -> None:
    await poison(hospital, 1)
    await hospital.say(DiscardDeadLetter((await hospital.parked())[1].id))
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("admitted", "one", "two")


async def test_two_of_a_kind_behind_each_other_fail_one_after_the_other(hospital: Hospital) -> None:
    await poison(hospital, 1)
    hospital.script.fails["three"] = 1
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("admitted", "one", "two")
    (letter,) = await hospital.parked()
    assert (letter.status, letter.attempts) == ("RETRYING", 1)
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("admitted", "one", "two", "three")


async def test_a_dead_letter_in_a_failed_batch_is_not_lost(hospital: Hospital) -> None:
    await poison(hospital, 2)
    hospital.store.commits_fail = 1
    await hospital.later(DELAYS[0])
    hospital.store.commits_unknown = 1
    await hospital.later(DELAYS[1])
    assert await hospital.heard("ann") == ("admitted", "one", "two", "three")
    assert await hospital.parked() == []


async def test_a_timer_that_fails_is_parked_and_blocks_nobody(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"), Remind("ann", START + 10))
    hospital.script.fails[f"visit {START + 10}"] = 1
    await hospital.later(10)
    (letter,) = await hospital.parked()
    assert (letter.name, letter.origin) == (Noted.__name__, "event")
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("admitted", f"visit {START + 10}")


async def test_dead_letters_are_paged_newest_first(hospital: Hospital) -> None:
    await poison(hospital)
    first = await hospital.platform.ask(ListDeadLetters(1))
    second = await hospital.platform.ask(ListDeadLetters(1, first.next_cursor))
    assert [letter.status for letter in (*first.data, *second.data)] == ["WAITING", "RETRYING"]
    assert second.next_cursor is None
    with pytest.raises(Refused, match="invalid_cursor"):
        await hospital.platform.ask(ListDeadLetters(1, "?"))


@pytest.mark.parametrize("again", [False, True])
async def test_an_event_that_is_refused_is_dead_at_once_and_nothing_waits_behind_it(
    hospital: Hospital, again: bool
) -> None:
    hospital.script.refuses["two"] = 99
    await hospital.say(Admit("ann"), *[Note("ann", text) for text in ("one", "two", "three")])
    assert await hospital.heard("ann") == ("admitted", "one", "three")
    (letter,) = await hospital.parked()
    assert (letter.status, letter.attempts, letter.key) == ("DEAD", 1, "")
    assert letter.reason == "contradicts: The ward knows better."
    await hospital.later(sum(DELAYS))
    hospital.script.refuses["two"] = 99 if again else 0
    await hospital.say(ReplayDeadLetter(letter.id))
    found = await hospital.parked()
    assert [(one.status, one.key) for one in found] == ([("DEAD", "")] if again else [])
    assert await hospital.heard("ann") == ("admitted", "one", "three", *(() if again else ("two",)))
