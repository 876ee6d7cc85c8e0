"""One door for a process's services: it starts on what an earlier run left, tells watchers what has changed,
and ends in order.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.engine.hospital import ADMIN, START, Answered, Clock, Hospital, breathe, create
from tests.engine.hospital_messages import Admit, FindDoctor, Note, Refer, Remind, Scan, Throw
from tests.engine.hospital_services import Script, hospital
from tradewind.core.dead_letters import ReplayDeadLetter
from tradewind.core.model import NOBODY, Query, Refused
from tradewind.core.store import StoreUnavailable
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine.platform import Platform


async def until(platform: Platform, key: str) -> None:
    assert await platform.changed(key, 30)


async def test_a_running_platform_decides_and_ends_in_order(tmp_path: Path) -> None:
    store, script = SqliteStore(tmp_path / "hospital.db"), Script()
    await store.open()
    create(store)  # type: ignore[arg-type]
    await store.close()
    for n in range(3):
        platform = Platform(store, hospital(script), Clock())
        assert platform.missing() == ["starting or stopping"]
        await platform.start()
        assert platform.missing() == []
        answers = [Answered() for _ in range(30)]
        for number, answer in enumerate(answers):
            platform.submit(Throw(f"p{n}-{number}", 3), NOBODY, answer)
        await platform.stop()
        assert platform.missing() == ["starting or stopping"]
        await platform.ended()
        assert {answer.told.id for answer in answers} == {f"p{n}-{number}" for number in range(30)}
    await store.open()
    assert store.writer.execute("SELECT count(*), count(DISTINCT heard) FROM ward_beds").fetchone() == (90, 1)
    await store.close()


async def test_who_comes_while_it_leaves_is_turned_away(hospital: Hospital) -> None:
    await hospital.platform.start()
    hospital.processor.stop()
    late = hospital.tell(Admit("ann"))
    assert late.refused == (503, "overloaded")
    await hospital.platform.stop()
    await hospital.store.open()


async def test_who_waits_for_another_service_when_it_leaves_is_answered(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    async def find(reader: Any, query: FindDoctor, caller: Any) -> list[str]:
        await gate.wait()
        return [query.name]

    monkeypatch.setattr(hospital.script, "find", find)
    hospital.open()
    referred = hospital.tell(Refer("ann", "who"))
    await hospital.step()
    hospital.platform._loop_task = asyncio.create_task(hospital.processor.run())
    leaving = asyncio.create_task(hospital.platform.stop())
    await breathe()
    gate.set()
    await leaving
    assert referred.told.id == "ann"


async def test_a_store_that_is_gone_when_it_leaves_leaves_nobody_without_an_answer(
    hospital: Hospital, silence: None
) -> None:
    await hospital.step()
    hospital.store.begins_fail = 1_000
    answers = [hospital.tell(Admit(name)) for name in ("ann", "bob")]
    hospital.platform._loop_task = asyncio.create_task(hospital.processor.run())
    await hospital.platform.stop()
    assert [answer.refused for answer in answers] == [(503, "store_unavailable")] * 2


async def test_what_has_changed_wakes_who_waits_for_it(hospital: Hospital) -> None:
    waits = [asyncio.create_task(hospital.platform.changed(key, 30)) for key in ("ann", "ann", "bob")]
    await breathe()
    await hospital.say(Admit("ann"))
    assert [wait.done() for wait in waits] == [True, True, False]
    assert await asyncio.gather(*waits[:2]) == [True, True]
    await hospital.say(Throw("bob", 0))
    assert not waits[2].done()
    waits[2].cancel()
    assert not await hospital.platform.changed("ann", 0)
    await breathe()
    assert hospital.platform._watchers._waiting == {}


async def test_what_was_not_committed_wakes_nobody(hospital: Hospital, silence: None) -> None:
    wait = asyncio.create_task(hospital.platform.changed("ann", 30))
    await breathe()
    hospital.store.commits_fail = 1
    hospital.tell(Admit("ann"), claim="c1")
    await hospital.step()
    assert not wait.done()
    await hospital.quiet()
    assert await wait


async def test_the_loop_sleeps_until_something_is_due_or_comes(tmp_path: Path) -> None:
    store, clock = SqliteStore(tmp_path / "hospital.db"), Clock()
    await store.open()
    create(store)  # type: ignore[arg-type]
    platform = Platform(store, hospital(Script()), clock)
    await platform.start()
    answer = Answered()
    platform.submit(Remind("ann", START + 50), NOBODY, answer)
    while answer.reply is None:
        await asyncio.sleep(0)
    clock.at += 50
    await until(platform, "ann")
    await platform.stop()


async def test_a_question_that_nobody_answers_is_told(hospital: Hospital) -> None:
    class Who(Query, frozen=True):
        pass

    with pytest.raises(Refused, match="not_here"):
        await hospital.platform.ask(Who())

    async def me(reader: Any, query: Who, caller: Any) -> str:
        return "me"

    hospital.platform.answer(Who, me)
    assert await hospital.platform.ask(Who()) == "me"
    assert await hospital.platform.ask(FindDoctor("nobody")) == []


async def test_a_desk_without_its_store_says_so(
    hospital: Hospital, silence: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(hospital.store, "get", gone)
    answer = hospital.tell(ReplayDeadLetter("x"), caller=ADMIN)
    await breathe()
    assert answer.refused == (503, "store_unavailable")
    monkeypatch.setattr(hospital.store, "get", None)
    answer = hospital.tell(ReplayDeadLetter("x"), caller=ADMIN)
    await breathe()
    assert answer.refused == (500, "internal_error")


async def test_one_caller_who_is_gone_does_not_cost_the_others_their_answer(
    hospital: Hospital, silence: None
) -> None:
    gone: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    gone.cancel()
    hospital.platform.submit(Admit("ann"), NOBODY, gone.set_result)
    (answer,) = await hospital.say(Admit("bob"))
    assert answer.told.id == "bob"


async def test_stats_count_what_waits(hospital: Hospital, silence: None) -> None:
    hospital.script.fails["one"] = 9
    await hospital.say(Admit("ann"), Note("ann", "one"), Remind("ann", START + 10))
    hospital.tell(Scan("ann"))
    await hospital.processor.step()
    hospital.clock.at += 25
    hospital.tell(Admit("bob"))
    assert await hospital.platform.stats() == {
        "requestsQueued": 1,
        "activitiesRunning": 1,
        "services": {
            "desk": {
                "logEnd": 2,
                "lag": {"ward": 0},
                "activities": 1,
                "oldestActivityMs": 25,
                "timersOverdue": 1,
                "oldestTimerMs": 15,
                "outbox": 0,
                "oldestOutboxMs": 0,
                "parked": 0,
            },
            "ward": {
                "logEnd": 0,
                "lag": {"desk": 0},
                "activities": 0,
                "oldestActivityMs": 0,
                "timersOverdue": 0,
                "oldestTimerMs": 0,
                "outbox": 0,
                "oldestOutboxMs": 0,
                "parked": 1,
            },
        },
    }
