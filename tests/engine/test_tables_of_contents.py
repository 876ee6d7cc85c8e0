"""A service that promises what it cannot keep is told: at the start where that can be known, else the message
at hand pays for it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.hospital import Clock, Hospital
from tests.engine.hospital_messages import Admit, Admitted, Caught, Note, Noted, Ray, Told, Visit
from tests.engine.hospital_services import BEDS, PATIENTS, Bed, Patient, Script
from tests.engine.hospital_services import hospital as services
from tradewind.core.model import Context, Effects, Service, SetTimer, Timer, on
from tradewind.engine.platform import Platform
from tradewind.engine.service_runtime import furnish, plan

pytestmark = pytest.mark.usefixtures("silence")


class Unheard(Timer, frozen=True):
    patient: str


@pytest.mark.parametrize(
    "effect",
    [
        "no effect",
        Bed("ann"),  # the ward keeps it
        Caught("ann", 1),  # the ward says it
        Ray("ann", "hand"),  # performed only where it is declared
        SetTimer(1, Unheard("ann")),
    ],
    ids=lambda effect: type(effect).__name__,
)
async def test_an_effect_that_is_not_in_the_table_undoes_its_message(hospital: Hospital, effect: Any) -> None:
    def admit(ask: Admit, now: Context) -> Effects[Told]:
        yield Patient(ask.patient)
        yield Admitted(ask.patient)
        yield effect
        return Told(ask.patient, now.new_id)

    def note(ask: Note, now: Context) -> Effects[Told]:
        yield Noted(ask.patient, ask.text)
        return Told(ask.patient, now.new_id)

    desk = Service("desk", keeps=[PATIENTS], says=[Admitted, Noted], does=[on(Admit, admit), on(Note, note)])
    hospital.platform = Platform(hospital.store, [desk, services(Script())[1]], Clock())
    hospital.processor = hospital.platform.processor
    bad, good = await hospital.say(Admit("ann"), Note("ann", "one"))
    assert (bad.refused, good.told.id) == ((500, "internal_error"), "ann")
    assert (hospital.count("desk_patients"), await hospital.heard("ann")) == (0, ("one",))


async def test_a_rule_that_cannot_tell_its_rows_hurts_its_own_message(hospital: Hospital) -> None:
    def keys(ask: Note) -> list[str]:
        return [str(1 // int(ask.text))]

    def note(ask: Note, now: Context, patients: Any) -> Effects[Told]:
        yield Noted(ask.patient, ask.text)
        return Told(ask.patient, now.new_id)

    desk = Service("desk", keeps=[PATIENTS], says=[Noted], does=[on(Note, note, PATIENTS.each(keys))])
    hospital.platform = Platform(hospital.store, [desk, services(Script())[1]], Clock())
    hospital.processor = hospital.platform.processor
    good, bad, last = await hospital.say(Note("ann", "1"), Note("ann", "0"), Note("ann", "2"))
    assert (good.told.id, bad.refused, last.told.id) == ("ann", (500, "internal_error"), "ann")


async def test_the_same_for_an_event(hospital: Hospital) -> None:
    def keys(heard: Noted) -> list[str]:
        return [str(1 // int(heard.text))]

    def hear(heard: Noted, now: Context, beds: Any) -> Effects[None]:
        yield Bed(heard.patient, (heard.text,))

    hospital.sql("INSERT INTO desk_patients VALUES ('ann', '[]', 0), ('bob', '[]', 0)")
    ward = Service("ward", keeps=[BEDS], does=[on(Noted, hear, BEDS.each(keys))])
    hospital.platform = Platform(hospital.store, [services(Script())[0], ward], Clock(), delays_ms=(1_000,))
    hospital.processor = hospital.platform.processor
    await hospital.say(Note("ann", "0"), Note("bob", "1"))
    (letter,) = await hospital.parked()
    assert (letter.key, letter.reason) == ("ann", "ZeroDivisionError: integer division or modulo by zero")
    assert await hospital.heard("bob") == ("1",)


async def test_keys_may_come_from_a_generator(hospital: Hospital) -> None:
    def names(ask: Note) -> Iterator[str]:
        yield from ask.text.split()

    def note(ask: Note, now: Context, patients: Any) -> Effects[Told]:
        yield Noted(ask.patient, ", ".join(patients))
        return Told(ask.patient, now.new_id)

    await hospital.say(Admit("ann"), Admit("bob"))
    desk = Service("desk", keeps=[PATIENTS], says=[Noted], does=[on(Note, note, PATIENTS.each(names))])
    hospital.platform = Platform(hospital.store, [desk, services(Script())[1]], Clock())
    hospital.processor = hospital.platform.processor
    await hospital.say(Note("eve", "ann tom bob"))
    assert await hospital.heard("eve") == ("ann, bob",)


def test_an_event_has_one_speaker() -> None:
    def nothing(*_: Any) -> Any:
        yield from ()

    other = Service("ward", keeps=[BEDS], says=[Admitted], does=[on(Noted, nothing)])
    with pytest.raises(ValueError, match="an event has one speaker"):
        furnish([services(Script())[0], other])


def test_a_rule_follows_a_single_row() -> None:
    def nothing(*_: Any) -> Any:
        yield from ()

    def keys(ask: Admit) -> list[str]:
        return [ask.patient]

    with pytest.raises(ValueError, match="of which there may be several"):
        plan(on(Admit, nothing, PATIENTS.follow(PATIENTS.each(keys), list)))
    with pytest.raises(ValueError, match="which is not kept here"):
        Service("desk", keeps=[PATIENTS], does=[on(Visit, nothing, BEDS.maybe)])
