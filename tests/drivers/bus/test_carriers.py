"""What whoever carries events promises, whichever it is: each is heard exactly once, those of a key in their
order, over crashes too.
"""

from __future__ import annotations

import pytest

from tests.drivers.bus.hospital_cluster import Carrier, admit, done, say_notes, tell, until
from tests.engine.hospital_messages import Note, Throw

pytestmark = pytest.mark.postgres
PATIENTS = [f"p{n}" for n in range(8)]
ALL = tuple(str(n) for n in range(20))


async def test_each_event_is_heard_once_and_in_order(carrier: Carrier) -> None:
    desk, ward = await carrier.pair()
    await admit(desk, PATIENTS)
    await say_notes(desk, PATIENTS, range(20))
    for patient in PATIENTS:
        await until(lambda p=patient: _whole(carrier, ward, p), f"{patient} is heard of")  # type: ignore[misc]
        assert await carrier.heard(ward, patient) == ("admitted", *ALL)


async def test_an_answer_to_an_event_comes_back(carrier: Carrier) -> None:
    desk, ward = await carrier.pair()
    await done(tell(desk, Throw("ann", 5)))
    balls = tuple(f"ball {left}" for left in (4, 3, 2, 1, 0))

    async def all_caught() -> bool:
        return await carrier.heard(ward, "ann") == balls

    await until(all_caught, "the ball goes to and fro")


async def test_who_stumbles_holds_up_its_key_and_no_other(carrier: Carrier, silence: None) -> None:
    carrier.script.fails["7"] = 2
    desk, ward = await carrier.pair()
    await admit(desk, ["ann"])
    await say_notes(desk, ["ann"], range(20))
    await until(lambda: _whole(carrier, ward, "ann"), "all of ann")
    assert await carrier.heard(ward, "ann") == ("admitted", *ALL)
    assert await carrier.parked(ward) == []


async def test_what_cannot_be_heard_is_kept_and_those_behind_it_wait(carrier: Carrier, silence: None) -> None:
    carrier.script.fails["bad"] = 99
    desk, ward = await carrier.pair()
    await admit(desk, ["ann", "bob"])
    await done(tell(desk, Note("ann", "bad")), tell(desk, Note("bob", "0")))
    await done(tell(desk, Note("ann", "after")), tell(desk, Note("bob", "1")))

    async def dead() -> bool:
        return [(letter.status, letter.key) for letter in await carrier.parked(ward)] == [
            ("DEAD", "ann"),
            ("WAITING", "ann"),
        ]

    await until(dead, "the bad note is a dead letter, and the next one waits behind it")
    await until(lambda: _is(carrier, ward, "bob", ("admitted", "0", "1")), "bob does not wait")
    assert await carrier.heard(ward, "ann") == ("admitted",)


@pytest.mark.parametrize("who", ["desk", "ward"])
async def test_a_crash_loses_nothing_and_repeats_nothing(carrier: Carrier, who: str) -> None:
    desk, ward = await carrier.pair()
    await admit(desk, PATIENTS)
    await say_notes(desk, PATIENTS, range(10))
    if not carrier.apart:
        await desk.kill()
        desk = ward = await carrier.open()
    elif who == "desk":
        await desk.kill()
        desk = await carrier.open("desk")
    else:
        await ward.kill()
        ward = await carrier.open("ward")
    await say_notes(desk, PATIENTS, range(20))  # again what was said, and more: by their claims they are one
    for patient in PATIENTS:
        await until(lambda p=patient: _whole(carrier, ward, p), f"{patient} is heard of")  # type: ignore[misc]
        assert await carrier.heard(ward, patient) == ("admitted", *ALL)


async def _whole(carrier: Carrier, ward: object, patient: str) -> bool:
    return len(await carrier.heard(ward, patient)) >= 1 + len(ALL)  # type: ignore[arg-type]


async def _is(carrier: Carrier, ward: object, patient: str, heard: tuple[str, ...]) -> bool:
    return await carrier.heard(ward, patient) == heard  # type: ignore[arg-type]
