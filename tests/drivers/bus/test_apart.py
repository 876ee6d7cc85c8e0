"""What a broker and copies of one service can do to each other: duplicates, poison, lost connections, races
for one row.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.drivers.bus.hospital_cluster import NURSE, Carrier, Copy, admit, done, say_notes, tell, until
from tests.engine.hospital_messages import Note, Remind, Scan
from tradewind.core.bus import EventRecord
from tradewind.core.gateway import Reply
from tradewind.drivers.rabbitmq.amqp import Link, Properties
from tradewind.engine import outbox, subscriptions

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]
PATIENTS = [f"p{n}" for n in range(6)]


async def heard_all(carrier: Carrier, copy: Copy, patient: str, most: int) -> tuple[str, ...]:
    async def enough() -> bool:
        return len(await carrier.heard(copy, patient)) >= most + 1

    await until(enough, f"{most} notes of {patient}")
    return (await carrier.heard(copy, patient))[1:]


def numbers(most: int) -> tuple[str, ...]:
    return tuple(str(n) for n in range(most))


# the others look at the broker alone
EACH = pytest.mark.parametrize(
    "apart", ["postgres", pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True
)
SELECT_1 = "SELECT 1 FROM {}"


def table(carrier: Carrier, name: str) -> str:
    """What a table is called on this database."""
    return carrier.place.named(*name.split("."))


async def outbox_is_empty(carrier: Carrier) -> None:
    outboxes = [SELECT_1.format(table(carrier, f"{name}.outbox")) for name in ("desk", "ward")]
    await until(lambda: not carrier.place.outside(" UNION ALL ".join(outboxes)), "the outbox is empty")


async def test_a_copy_of_an_event_changes_nothing(apart: Carrier) -> None:
    desk, ward = await apart.pair()
    await admit(desk, ["ann"])
    assert desk.bus is not None
    kept: list[str] = []
    for _ in range(3):
        desk.bus.publish(
            EventRecord(
                "desk", "one-id", "Noted", "ann", '{"type":"Noted","patient":"ann","text":"0"}', "", 1, 1
            ),
            kept.append,
        )
    await done(tell(desk, Note("ann", "1")))
    assert await heard_all(apart, ward, "ann", 2) == ("0", "1")
    await until(lambda: kept == ["", "", ""], "all three are confirmed")
    await outbox_is_empty(apart)


@pytest.mark.parametrize(
    ("properties", "body"),
    [
        (Properties(message_id="m1", type="Noted"), b"not json"),
        (Properties(message_id="m2", type="Noted"), b'{"type":"Noted","patient":7}'),
        (Properties(message_id="m3", type="Noted"), b"\xff\xfe"),
        (Properties(message_id="m4", type="Unheard"), b"{}"),
        (Properties(type="Noted"), b'{"type":"Noted","patient":"ann","text":"no id"}'),
        (Properties(message_id="m5", type="Noted", headers={"key": 7, "seq": "x"}), b"[" * 5_000),
    ],
    ids=["not json", "wrong shape", "not text", "unknown name", "no id", "deep"],
)
async def test_what_is_no_event_is_kept_and_stops_nobody(
    apart: Carrier, properties: Properties, body: bytes, silence: None
) -> None:
    desk, ward = await apart.pair()
    await admit(desk, ["ann"])
    poison = Link(apart.broker, name="poison")
    await poison.start()
    poison.publish(apart.exchange, "Noted", body, properties)
    await done(tell(desk, Note("ann", "0")))
    assert await heard_all(apart, ward, "ann", 1) == ("0",)

    async def kept() -> bool:
        return [letter.status for letter in await apart.parked(ward)] == ["DEAD"]

    await until(kept, "the poison is a dead letter")
    await poison.stop()


@EACH
async def test_two_copies_of_everybody(apart: Carrier) -> None:
    desks, wards = [await apart.open("desk") for _ in range(2)], [await apart.open("ward") for _ in range(2)]
    await admit(desks[0], PATIENTS)
    # the same requests at both, at the same time: every race must end with one of them
    for patient in PATIENTS:
        for n in range(20):
            first, second = (
                tell(desks[0], Note(patient, str(n)), f"{patient}-{n}"),
                tell(desks[1], Note(patient, str(n)), f"{patient}-{n}"),
            )
            replies = await asyncio.gather(first, second)
            assert [reply.status for reply in replies] == [0, 0]
            assert replies[0].body == replies[1].body and sum(reply.replayed for reply in replies) == 1
    for patient in PATIENTS:
        assert await heard_all(apart, wards[0], patient, 20) == numbers(20)
    await wards[0].kill()
    await say_notes(desks[1], PATIENTS, range(30))
    for patient in PATIENTS:
        assert await heard_all(apart, wards[1], patient, 30) == numbers(30)
    await outbox_is_empty(apart)


async def test_another_body_under_the_same_key_is_refused_by_the_other_copy(apart: Carrier) -> None:
    one, two = await apart.open("desk"), await apart.open("desk")
    await admit(one, ["ann"])
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    await done(tell(one, Note("ann", "0"), "key"))
    two.platform.submit(Note("ann", "other"), NURSE, future.set_result, claim="key", fingerprint="other")
    assert (await future).status == 422


@EACH
async def test_a_deadline_comes_once_whoever_set_it(apart: Carrier) -> None:
    one, two = await apart.open("desk"), await apart.open("desk")
    ward = await apart.open("ward")
    await admit(one, PATIENTS)
    soon = one.platform.clock.now() + 300
    await done(*[tell(one, Remind(patient, soon)) for patient in PATIENTS])
    await one.kill()  # who set them is gone: the other looks for itself
    for patient in PATIENTS:
        assert len(await heard_all(apart, ward, patient, 1)) == 1
    await until(
        lambda: not apart.place.outside(SELECT_1.format(table(apart, "desk.timers"))), "no timer is left"
    )
    await outbox_is_empty(apart)
    assert two.platform.ready


async def test_what_came_of_an_activity_is_heard_once_though_its_lease_ran_out(
    apart: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.engine.processor.LEASE_MS", 100)
    monkeypatch.setattr(subscriptions, "LOOK_MS", 10)
    desk, ward = await apart.open("desk"), await apart.open("ward")
    await admit(desk, ["ann"])
    called, come = asyncio.Event(), asyncio.Event()
    ray = apart.script.ray

    async def slowly(what: Any, attempt: Any) -> Any:
        called.set()
        await come.wait()
        return await ray(what, attempt)

    monkeypatch.setattr(apart.script, "ray", slowly)
    await done(tell(desk, Scan("ann")))
    await called.wait()
    processor = desk.platform.processor
    async with (
        processor.transaction()
    ):  # as if the store had been away: the outcome waits, and the lease ends
        come.set()
        await until(lambda: processor.inbound.internal, "the outcome is here")
        due = "SELECT 1 FROM desk.activities WHERE due_at > extract(epoch FROM clock_timestamp()) * 1000"
        await until(lambda: not apart.place.outside(due), "the lease is out")
    assert await heard_all(apart, ward, "ann", 1) == ("seen hand",)
    await until(
        lambda: not apart.place.outside(SELECT_1.format(table(apart, "desk.activities"))), "it is done"
    )
    assert len(apart.script.attempts) == 1


async def test_an_activity_of_a_dead_copy_is_carried_out_by_another(
    apart: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "LEASE_MS", 500)
    monkeypatch.setattr("tradewind.engine.processor.LEASE_MS", 500)
    one, two = await apart.open("desk"), await apart.open("desk")
    ward = await apart.open("ward")
    await admit(one, ["ann"])
    never = asyncio.Event()
    ray, attempts = apart.script.ray, apart.script.attempts

    async def first_hangs(what: Any, attempt: Any) -> Any:
        if not attempts:
            attempts.append(attempt)
            await never.wait()
        return await ray(what, attempt)

    monkeypatch.setattr(apart.script, "ray", first_hangs)
    await done(tell(one, Scan("ann")))
    await until(lambda: attempts, "the first has begun")
    await one.kill()
    assert await heard_all(apart, ward, "ann", 1) == ("seen hand",)
    assert attempts[-1].again
    await until(
        lambda: not apart.place.outside(SELECT_1.format(table(apart, "desk.activities"))), "it is done"
    )
    assert two.platform.ready


@EACH
async def test_what_a_crash_left_in_the_outbox_is_handed_on_in_order(
    apart: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LEASE_MS", 300)
    desk, ward = await apart.pair()
    await admit(desk, ["ann"])
    await heard_all(apart, ward, "ann", 0)
    assert desk.bus is not None
    monkeypatch.setattr(desk.bus, "publish", lambda event, then: False)  # committed, and nobody is told
    await say_notes(desk, ["ann"], range(5))
    await until(
        lambda: len(apart.place.outside(SELECT_1.format(table(apart, "desk.outbox")))) == 5, "five wait"
    )
    await desk.kill()
    other = await apart.open("desk")
    await done(tell(other, Note("ann", "5"), "ann-5"))
    assert await heard_all(apart, ward, "ann", 6) == numbers(6)
    await outbox_is_empty(apart)


async def test_lost_connections(apart: Carrier, silence: None) -> None:
    desk, ward = await apart.pair()
    await admit(desk, PATIENTS)
    for round_ in range(4):
        await say_notes(desk, PATIENTS, range(10 * (round_ + 1)))
        assert desk.bus is not None
        for link in (desk.bus.link, ward.subscribers[0].link):
            await until(lambda one=link: one.up, "it is back")  # type: ignore[misc]
            assert link._life is not None and link._life._transport is not None
            link._life._transport.abort()
        apart.place.outside(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
    for patient in PATIENTS:
        assert await heard_all(apart, ward, patient, 40) == numbers(40)
    await outbox_is_empty(apart)


@EACH
async def test_the_numbers_of_two_copies_never_meet(apart: Carrier) -> None:
    one, two = await apart.open("desk"), await apart.open("desk")
    await admit(one, PATIENTS)
    for copy in (one, two):
        for patient in PATIENTS:
            for n in range(10):
                tell(copy, Note(patient, f"{n}"), f"{patient}-{n}-{id(copy)}")
    count = f"SELECT count(*), count(DISTINCT seq), count(DISTINCT id) FROM {table(apart, 'desk.log')}"
    await until(lambda: apart.place.outside(count)[0] == (126, 126, 126), "all are kept")
