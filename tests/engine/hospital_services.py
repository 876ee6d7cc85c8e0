"""A hospital in two services, so that the engine is tested with no shop in sight: the desk takes patients in,
the ward hears of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import sqlalchemy as sa
from msgspec.structs import replace

from tests.engine.hospital_messages import (
    Admit,
    Admitted,
    Caught,
    DoctorFound,
    FindDoctor,
    Note,
    Noted,
    Ray,
    Refer,
    Remind,
    Scan,
    Seen,
    Throw,
    Thrown,
    Told,
    Visit,
    Weigh,
    Weighed,
)
from tradewind.core.columns import Document, Key
from tradewind.core.model import (
    Aggregate,
    Attempt,
    Caller,
    CancelTimer,
    Consult,
    Context,
    Effect,
    Effects,
    Refused,
    Service,
    SetTimer,
    Table,
    answers,
    on,
    performs,
)
from tradewind.core.schema import metadata
from tradewind.core.store import Reader


class Patient(Aggregate, frozen=True):
    notes: tuple[str, ...] = ()
    kilos: int = 0


class Bed(Aggregate, frozen=True):
    """What the ward has heard of a patient, in order."""

    heard: tuple[str, ...] = ()
    level: int = 0


class Doctor(Aggregate, frozen=True):
    """The desk's copy of who works here."""

    since: int


class Script:
    """What goes wrong, as a test sets it: `fails` counts how often the ward still stumbles over a text,
    `refuses` how often it contradicts it, `rays` is what the machine does.
    """

    def __init__(self) -> None:
        self.fails: Counter[str] = Counter()
        self.refuses: Counter[str] = Counter()
        self.attempts: list[Attempt] = []
        self.doctors: list[str] = []
        self.asked = 0
        self.visits: Callable[[str], Effect | None] = lambda patient: None

    async def ray(self, what: Ray, attempt: Attempt) -> Seen:
        self.attempts.append(attempt)
        return Seen(what.patient, what.kind)

    async def find(self, reader: Reader, query: FindDoctor, caller: Caller) -> list[str]:
        self.asked += 1
        return [name for name in self.doctors if name == query.name]


DESK, WARD = metadata("desk"), metadata("ward")
PATIENTS = Table(
    Patient,
    sa.Table(
        "patients",
        DESK,
        sa.Column("id", Key, primary_key=True),
        sa.Column("notes", Document, nullable=False),
        sa.Column("kilos", sa.Integer, nullable=False),
        sa.CheckConstraint("kilos >= 0"),
    ),
)
DOCTORS = Table(
    Doctor,
    sa.Table(
        "doctors",
        DESK,
        sa.Column("id", Key, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
    ),
)
BEDS = Table(
    Bed,
    sa.Table(
        "beds",
        WARD,
        sa.Column("id", Key, primary_key=True),
        sa.Column("heard", Document, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.CheckConstraint("level >= 0"),
    ),
)


def admit(ask: Admit, now: Context, patient: Patient | None) -> Effects[Told]:
    yield Patient(ask.patient)
    yield Admitted(ask.patient)
    if patient is not None:
        raise Refused("already_here", says="Twice.", notes=patient.notes)
    return Told(ask.patient, now.new_id)


def note(ask: Note, now: Context, patient: Patient) -> Effects[Told]:
    if ask.text == "bug":
        raise ZeroDivisionError("a bug of the desk")
    noted = replace(patient, notes=(*patient.notes, ask.text))
    yield noted
    yield Noted(ask.patient, ask.text)
    return Told(ask.patient, now.new_id, noted.notes)


def weigh(ask: Weigh, now: Context, patient: Patient) -> Effects[Told]:
    yield replace(patient, kilos=ask.kilos)
    yield Weighed(ask.patient)
    return Told(ask.patient, now.new_id)


def remind(ask: Remind, now: Context) -> Effects[Told]:
    yield SetTimer(ask.when, Visit(ask.patient)) if ask.when else CancelTimer(Visit(ask.patient))
    return Told(ask.patient, now.new_id)


def scan(ask: Scan, now: Context) -> Effects[Told]:
    yield Ray(ask.patient, ask.kind)
    return Told(ask.patient, now.new_id)


def see(seen: Seen, now: Context) -> Effects[None]:
    yield Noted(seen.patient, f"seen {seen.what}")


def throw(ask: Throw | Caught, now: Context) -> Effects[Told]:
    if ask.left:
        yield Thrown(ask.patient, ask.left - 1)
    return Told(ask.patient, now.new_id)


def refer(ask: Refer, now: Context, known: Mapping[str, Doctor]) -> Effects[Told]:
    if not known and not now.consulted:
        raise Consult(FindDoctor(ask.doctor), lambda names: DoctorFound(names[0] if names else ""))
    if not known:
        raise Refused("no_such_doctor", 422)
    yield Noted(ask.patient, f"to {ask.doctor}")
    return Told(ask.patient, now.new_id)


def learn(found: DoctorFound, now: Context, known: Doctor | None) -> Effects[None]:
    if found.name and known is None:
        yield Doctor(found.name, now.at)


def hospital(script: Script) -> list[Service]:
    def visit(due: Visit, now: Context) -> Effects[None]:
        yield Noted(due.patient, f"visit {now.at}")
        if (then := script.visits(due.patient)) is not None:
            yield then

    def hear(heard: Admitted | Noted, now: Context, bed: Bed | None) -> Effects[None]:
        text = heard.text if isinstance(heard, Noted) else "admitted"
        bed = bed or Bed(heard.patient)
        yield replace(bed, heard=(*bed.heard, text), level=-1 if text == "unkeepable" else bed.level)
        if script.fails[text]:
            script.fails[text] -= 1
            raise KeyError(f"the ward stumbles over {text}")
        if script.refuses[text]:
            script.refuses[text] -= 1
            raise Refused("contradicts", says="The ward knows better.")

    def catch(heard: Thrown, now: Context, bed: Bed | None) -> Effects[None]:
        bed = bed or Bed(heard.patient)
        yield replace(bed, heard=(*bed.heard, f"ball {heard.left}"))
        yield Caught(heard.patient, heard.left)

    return [
        Service(
            "desk",
            keeps=[PATIENTS, DOCTORS],
            says=[Admitted, Noted, Weighed, Thrown],
            does=[
                on(Admit, admit, PATIENTS.maybe),
                on(Note, note, PATIENTS),
                on(Weigh, weigh, PATIENTS),
                on(Remind, remind),
                on(Visit, visit),
                on(Scan, scan),
                performs(Ray, lambda what, attempt: script.ray(what, attempt)),
                on(Seen, see),
                on(Throw, throw),
                on(Caught, throw),
                on(Refer, refer, DOCTORS.each(lambda ask: (ask.doctor,))),
                on(DoctorFound, learn, DOCTORS.maybe),
            ],
        ),
        Service(
            "ward",
            keeps=[BEDS],
            says=[Caught],
            does=[
                on(Admitted, hear, BEDS.maybe),
                on(Noted, hear, BEDS.maybe),
                on(Thrown, catch, BEDS.maybe),
                answers(FindDoctor, script.find),
            ],
        ),
    ]
