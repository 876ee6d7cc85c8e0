"""A call to the outside world is made once its transaction is committed, as often as it takes, and its
outcome is heard exactly once.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.hospital import ADMIN, START, Hospital, bounds, breathe
from tests.engine.hospital_messages import Note, Ray, Scan, Seen, Throw
from tradewind.core.dead_letters import ReplayDeadLetter
from tradewind.core.model import Attempt, Temporary
from tradewind.engine import activities
from tradewind.engine import scheduler as scheduler

pytestmark = pytest.mark.usefixtures("silence")


class Machine:
    """What the outside world does: `says` is raised as long as there is some, `open` lets calls through."""

    def __init__(self, hospital: Hospital) -> None:
        self.says: list[Exception] = []
        self.calls: list[tuple[str, Attempt]] = []
        self.open = asyncio.Event()
        self.open.set()
        hospital.script.ray = self.ray  # type: ignore[method-assign]

    async def ray(self, what: Ray, attempt: Attempt) -> Seen:
        self.calls.append((what.patient, attempt))
        await self.open.wait()
        if self.says:
            raise self.says.pop(0)
        return Seen(what.patient, what.kind)


@pytest.fixture
def machine(hospital: Hospital) -> Machine:
    return Machine(hospital)


async def test_it_starts_after_the_commit_and_its_outcome_takes_its_row(
    hospital: Hospital, machine: Machine
) -> None:
    hospital.store.commits_fail = 1
    hospital.tell(Scan("ann"), claim="c1")
    await hospital.step()
    assert machine.calls == []
    await hospital.quiet()
    assert machine.calls == [("ann", Attempt(1, START, False))]
    assert await hospital.heard("ann") == ("seen hand",)
    assert hospital.count("desk_activities") == 0


async def test_what_is_refused_starts_nothing(hospital: Hospital, machine: Machine) -> None:
    hospital.sql("INSERT INTO desk_inbox VALUES ('c1', 'other', 0, '{}', 0)")
    hospital.tell(Scan("ann"), claim="c1")
    await hospital.quiet()
    assert machine.calls == []


async def test_what_is_temporary_is_tried_again_with_growing_pauses(
    hospital: Hospital, machine: Machine
) -> None:
    machine.says = [Temporary("busy") for _ in range(9)]
    hospital.tell(Scan("ann"))
    await hospital.quiet()
    pauses = []
    while machine.says or not await hospital.heard("ann"):
        ((attempts, due, reason),) = hospital.sql("SELECT attempts, due_at, reason FROM desk_activities")
        assert (attempts, reason) == (len(machine.calls), "Temporary: busy")
        pauses.append(due - hospital.clock.at)
        await hospital.later(pauses[-1] - 1)
        assert len(machine.calls) == attempts
        await hospital.later(1)
    for number, pause in enumerate(pauses):
        backoff = min(activities.CAP_MS, activities.FIRST_MS * 2**number)
        assert backoff // 2 <= pause <= backoff
    assert [attempt.number for _, attempt in machine.calls] == list(range(1, 11))
    assert [attempt.again for _, attempt in machine.calls] == [False] + [True] * 9
    assert await hospital.heard("ann") == ("seen hand",)


async def test_a_bug_is_a_dead_letter_after_a_few_tries_and_can_be_replayed(
    hospital: Hospital, machine: Machine
) -> None:
    machine.says = [ZeroDivisionError("a bug\0of the machine\ud800") for _ in range(activities.BUGS)]
    await hospital.say(Scan("ann"))
    for _ in range(activities.BUGS):
        await hospital.later(activities.CAP_MS)
    (letter,) = await hospital.parked()
    assert (letter.status, letter.origin, letter.attempts, letter.key) == (
        "DEAD",
        "activity",
        activities.BUGS,
        "",
    )
    assert letter.reason == "ZeroDivisionError: a bug?of the machine?"
    assert hospital.count("desk_activities") == 0
    hospital.tell(ReplayDeadLetter(letter.id), caller=ADMIN)
    await hospital.quiet()
    assert await hospital.heard("ann") == ("seen hand",)
    assert machine.calls[-1][1].again
    assert (await hospital.parked(), hospital.count("desk_activities")) == ([], 0)


async def test_an_outcome_that_nobody_hears_is_a_bug_of_the_activity(
    hospital: Hospital, machine: Machine
) -> None:
    async def ray(what: Ray, attempt: Attempt) -> Note:
        return Note("ann", "not an outcome of ours") if attempt.number < 2 else Seen("ann", "hand")  # type: ignore[return-value]

    hospital.script.ray = ray  # type: ignore[method-assign, assignment]
    del hospital.runtime("desk").rules[Note]
    await hospital.say(Scan("ann"))
    await hospital.later(activities.CAP_MS)
    assert await hospital.heard("ann") == ("seen hand",)


@pytest.mark.parametrize("outcome_lost", [False, True])
async def test_after_a_restart_it_runs_again_and_knows_it(
    hospital: Hospital, machine: Machine, outcome_lost: bool
) -> None:
    machine.open.clear()
    await hospital.processor.step()
    hospital.tell(Scan("ann"))
    await hospital.step()
    if outcome_lost:
        machine.open.set()
        await breathe()
        assert hospital.processor.inbound.internal
    await hospital.restart()
    machine.open.set()
    await hospital.quiet()
    assert [attempt for _, attempt in machine.calls] == [Attempt(1, START, False), Attempt(1, START, True)]
    assert await hospital.heard("ann") == ("seen hand",)


async def test_one_whose_outcome_waits_is_not_started_from_its_row(
    hospital: Hospital, machine: Machine
) -> None:
    """Bob's is due again in the very batch that takes Ann's outcome."""
    machine.says = [Temporary("busy")]
    await hospital.say(Scan("bob"))
    hospital.tell(Scan("ann"))
    await hospital.step()
    assert hospital.processor.inbound.internal
    await hospital.later(activities.CAP_MS)
    assert [name for name, _ in machine.calls] == ["bob", "ann", "bob"]
    assert (await hospital.heard("ann"), await hospital.heard("bob")) == (("seen hand",), ("seen hand",))


@pytest.mark.parametrize("trouble", ["begins_fail", "commits_fail", "commits_unknown"])
@pytest.mark.parametrize("failure", [None, Temporary("busy")])
async def test_an_outcome_is_heard_once_whatever_the_store_says(
    hospital: Hospital, machine: Machine, trouble: str, failure: Exception | None
) -> None:
    machine.says = [failure] if failure else []
    hospital.tell(Scan("ann"))
    await hospital.step()
    setattr(hospital.store, trouble, 3)
    await hospital.quiet()
    await hospital.later(activities.CAP_MS)
    assert await hospital.heard("ann") == ("seen hand",)
    assert len(machine.calls) == (2 if failure else 1)
    assert hospital.count("desk_activities") == 0


async def test_not_too_many_run_at_once(hospital: Hospital, machine: Machine) -> None:
    machine.open.clear()
    with bounds(activities, AT_ONCE=3):
        for n in range(10):
            hospital.tell(Scan(f"p{n}"))
        await hospital.step()
        assert (len(machine.calls), hospital.platform.runner.running) == (3, 3)
        machine.open.set()
        await hospital.quiet()
    assert [name for name, _ in machine.calls] == [f"p{n}" for n in range(10)]
    assert [await hospital.heard(f"p{n}") for n in range(10)] == [("seen hand",)] * 10


async def test_what_does_not_fit_in_memory_is_looked_for_again(hospital: Hospital, machine: Machine) -> None:
    machine.open.clear()
    with bounds(activities, AT_ONCE=1, WAITING=2), bounds(scheduler, PAGE=2):
        for n in range(8):
            hospital.tell(Scan(f"p{n}"))
        await hospital.step()
        machine.open.set()
        await hospital.quiet()
        assert len(machine.calls) < 8
        for _ in range(8):
            await hospital.later(scheduler.AGAIN_MS)
    assert sorted(name for name, _ in machine.calls) == [f"p{n}" for n in range(8)]


async def test_one_that_never_ends_is_given_up_for_now(hospital: Hospital, machine: Machine) -> None:
    machine.open.clear()
    with bounds(activities, DEADLINE_S=0):
        await hospital.say(Scan("ann"))
    assert hospital.sql("SELECT attempts, reason FROM desk_activities") == [(1, "TimeoutError: ")]
    machine.open.set()
    await hospital.later(activities.CAP_MS)
    assert await hospital.heard("ann") == ("seen hand",)


@pytest.mark.parametrize(("column", "value"), [("name", "Unknown"), ("body", '{"patient":7}')])
async def test_one_that_cannot_be_read_is_a_dead_letter_and_stops_nobody(
    hospital: Hospital, column: str, value: str
) -> None:
    hospital.tell(Scan("ann"))
    await hospital.step()
    await hospital.restart()
    hospital.sql(f"UPDATE desk_activities SET {column} = '{value}'")
    (answer,) = await hospital.say(Throw("bob", 1))
    assert (answer.told.id, await hospital.heard("bob")) == ("bob", ("ball 0",))
    (letter,) = await hospital.parked()
    assert (letter.status, letter.origin, hospital.count("desk_activities")) == ("DEAD", "activity", 0)
    hospital.tell(ReplayDeadLetter(letter.id), caller=ADMIN)
    await hospital.quiet()
    assert [again.status for again in await hospital.parked()] == ["DEAD"]
