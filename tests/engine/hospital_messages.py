"""What is said in the hospital: requests to its desk, events of desk and ward, and what they tell
themselves.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tradewind.core.model import Activity, Event, Message, Outcome, Query, Request, Timer


class Of(Message, frozen=True):
    """All of it is about a patient."""

    keyed_by: ClassVar[str] = "patient"
    patient: str


class Admit(Of, Request, frozen=True): ...


class Note(Of, Request, frozen=True):
    text: str


class Weigh(Of, Request, frozen=True):
    kilos: int


class Remind(Of, Request, frozen=True):
    when: int


class Scan(Of, Request, frozen=True):
    kind: str = "hand"


class Throw(Of, Request, frozen=True):
    left: int


class Refer(Of, Request, frozen=True):
    doctor: str


class Admitted(Of, Event, frozen=True): ...


class Noted(Of, Event, frozen=True):
    text: str


class Weighed(Of, Event, frozen=True):
    """The ward does not hear this."""


class Thrown(Of, Event, frozen=True):
    left: int


class Caught(Of, Event, frozen=True):
    left: int


class Visit(Of, Timer, frozen=True): ...


class Ray(Of, Activity, frozen=True):
    kind: str


class Seen(Of, Outcome, frozen=True):
    what: str


class FindDoctor(Query, frozen=True):
    name: str


class DoctorFound(Message, frozen=True):
    keyed_by: ClassVar[str] = "name"
    name: str


class Told(msgspec.Struct, frozen=True):
    """Every reply: who asked, under which fresh id, and the patient's notes."""

    id: str
    new_id: str
    notes: tuple[str, ...] = ()
