"""A fault at any named place of a batch costs nothing: what was under way is done again, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.hospital import DELAYS, START, Hospital, breathe
from tests.engine.hospital_messages import Admit, Note, Remind, Scan, Throw
from tradewind.core import failpoints
from tradewind.core.model import Request
from tradewind.engine import activities

pytestmark = pytest.mark.usefixtures("silence", "disarmed")
PLACES = [
    "batch.begun",
    "batch.claimed",
    "batch.handled",
    "batch.rows-written",
    "batch.log-written",
    "batch.before-commit",
    "timers.due",
    "parking.before-write",
    "parking.revived",
    "activity.before-call",
    "activity.after-call",
]


@pytest.fixture
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("place", PLACES)
async def test_a_fault_there_changes_nothing(hospital: Hospital, place: str, times: int) -> None:
    """Whatever a batch can be about is under way when it strikes: a request, an event, a timer, a parked
    message, an activity.
    """
    hospital.script.fails["late"] = times + 2 if place == "parking.before-write" else 2
    passed = 0

    def strike() -> None:
        nonlocal passed
        passed += 1
        if passed <= times:
            raise failpoints.Broken(place)

    failpoints.REGISTRY[place].armed = strike
    asked: list[Request] = [
        Admit("ann"),
        Note("ann", "late"),
        Scan("eve"),
        Remind("bob", START + 1),
        Throw("tom", 3),
    ]
    answers = [hospital.tell(message, claim=f"claim {n}") for n, message in enumerate(asked)]
    for wait in (0, 1, activities.CAP_MS, *DELAYS):
        await hospital.later(wait)
    assert passed > times
    assert [answer.told.id for answer in answers] == ["ann", "ann", "eve", "bob", "tom"]
    assert await hospital.heard("ann") == ("admitted", "late")
    assert await hospital.heard("eve") == ("seen hand",)
    assert len(await hospital.heard("bob")) == 1
    assert await hospital.heard("tom") == ("ball 2", "ball 1", "ball 0")
    assert await hospital.parked() == []


async def test_an_activity_whose_answer_was_lost_knows_it(hospital: Hospital) -> None:
    failpoints.arm("activity.after-call:1:error")
    await hospital.say(Scan("ann"))
    await hospital.later(activities.CAP_MS)
    assert [(attempt.number, attempt.again) for attempt in hospital.script.attempts] == [
        (1, False),
        (2, True),
    ]


async def test_a_sweep_that_fails_is_a_sweep_that_was_not(hospital: Hospital) -> None:
    hospital.retention_ms = 1_000
    hospital.open()
    await hospital.say(Admit("ann"), Note("ann", "one"))
    hospital.clock.at += 2_000
    failpoints.arm("retention.trimmed:1:error")
    assert not await hospital.platform._retention.sweep()
    assert (hospital.count("desk_log"), hospital.store.writer.in_transaction) == (2, False)
    await hospital.say(Note("ann", "two"))
    await hospital.platform._retention.sweep()
    await breathe()
    assert hospital.count("desk_log") == 1
    assert await hospital.heard("ann") == ("admitted", "one", "two")
