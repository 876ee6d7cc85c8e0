"""A deadline is a row: it comes due once, at its time or at the next start, unless it was moved or called
off.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import START, Hospital, bounds
from tests.engine.hospital_messages import Remind, Visit
from tradewind.core.model import CancelTimer, SetTimer
from tradewind.engine import processor

LATER = START + 1_000


async def test_it_comes_due_at_its_time_and_once(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER))
    assert hospital.processor.scheduler.wait_ms(START) == 1_000
    await hospital.later(999)
    assert await hospital.heard("ann") == ()
    await hospital.later(1)
    assert await hospital.heard("ann") == (f"visit {LATER}",)
    assert hospital.processor.scheduler.wait_ms(LATER) is None
    await hospital.later(10_000)
    assert await hospital.heard("ann") == (f"visit {LATER}",)


@pytest.mark.parametrize("to", [START + 500, START + 5_000])
async def test_setting_it_again_moves_it(hospital: Hospital, to: int) -> None:
    await hospital.say(Remind("ann", LATER))
    await hospital.say(Remind("ann", to))
    assert hospital.sql("SELECT due_at FROM desk_timers") == [(to,)]
    await hospital.later(5_000)
    assert len(await hospital.heard("ann")) == 1


async def test_a_timer_that_was_moved_later_stays_quiet_until_then(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER), Remind("ann", LATER + 1_000))
    await hospital.later(1_500)
    assert await hospital.heard("ann") == ()
    await hospital.later(500)
    assert await hospital.heard("ann") == (f"visit {LATER + 1_000}",)


async def test_it_can_be_called_off_and_set_again(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER), Remind("ann", 0))
    await hospital.later(2_000)
    assert (await hospital.heard("ann"), hospital.count("desk_timers")) == ((), 0)
    await hospital.say(Remind("ann", 0), Remind("ann", LATER + 2_000))
    await hospital.later(2_000)
    assert len(await hospital.heard("ann")) == 1


async def test_timers_of_two_patients_do_not_meet(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER), Remind("bob", LATER), Remind("ann", 0))
    await hospital.later(1_000)
    assert (await hospital.heard("ann"), await hospital.heard("bob")) == ((), (f"visit {LATER}",))


@pytest.mark.parametrize("then", [0, LATER + 5_000])
async def test_called_off_or_moved_by_an_earlier_message_of_the_batch_in_which_it_is_due(
    hospital: Hospital, then: int
) -> None:
    """Ann's deadline comes first and takes back Bob's, which is due in the same batch."""
    await hospital.say(Remind("ann", LATER), Remind("bob", LATER + 1))
    instead = SetTimer(then, Visit("bob")) if then else CancelTimer(Visit("bob"))
    hospital.script.visits = lambda patient: instead if patient == "ann" else None
    await hospital.later(2_000)
    assert (await hospital.heard("ann"), await hospital.heard("bob")) == ((f"visit {START + 2_000}",), ())
    hospital.script.visits = lambda patient: None
    await hospital.later(5_000)
    assert len(await hospital.heard("bob")) == (1 if then else 0)
    assert hospital.count("desk_timers") == 0


async def test_one_that_sets_itself_again_comes_again(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER))
    hospital.script.visits = lambda patient: SetTimer(hospital.clock.at + 1_000, Visit(patient))
    for _ in range(3):
        await hospital.later(1_000)
    assert await hospital.heard("ann") == tuple(f"visit {START + n}" for n in (1_000, 2_000, 3_000))
    assert hospital.count("desk_timers") == 1


async def test_it_survives_a_restart(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER))
    await hospital.restart()
    await hospital.quiet()
    assert hospital.processor.scheduler.wait_ms(START) == 1_000
    await hospital.later(1_000)
    assert await hospital.heard("ann") == (f"visit {LATER}",)


async def test_what_came_due_while_nobody_was_here_comes_at_the_start(hospital: Hospital) -> None:
    await hospital.say(Remind("ann", LATER), Remind("bob", LATER + 7))
    await hospital.restart()
    hospital.clock.at += 60_000
    await hospital.quiet()
    assert await hospital.heard("ann") == await hospital.heard("bob") == (f"visit {START + 60_000}",)


async def test_more_than_a_batch_may_come_due_at_once(hospital: Hospital) -> None:
    await hospital.say(*[Remind(f"p{n}", LATER) for n in range(20)])
    with bounds(processor, BATCH=7):
        await hospital.later(1_000)
    assert [await hospital.heard(f"p{n}") for n in range(20)] == [(f"visit {LATER}",)] * 20


@pytest.mark.parametrize(("column", "value"), [("name", "Unknown"), ("body", '{"patient":7}')])
async def test_a_timer_that_cannot_be_read_is_a_dead_letter_and_stops_nobody(
    hospital: Hospital, silence: None, column: str, value: str
) -> None:
    await hospital.say(Remind("ann", LATER), Remind("bob", LATER))
    hospital.sql(f"UPDATE desk_timers SET {column} = '{value}' WHERE id = 'Visit:ann'")
    await hospital.restart()
    await hospital.later(1_000)
    assert await hospital.heard("bob") == (f"visit {LATER}",)
    (letter,) = await hospital.parked()
    assert (letter.status, letter.origin, hospital.count("desk_timers")) == ("DEAD", "timer", 0)
    assert value in (letter.name, letter.body)
