"""An event's shape on the wire is a promise: what breaks a reader turns red, what does not is written
down.
"""

import re
from collections.abc import Iterable

import pytest

from tests.contracts import shapes
from tradewind.core.model import Event, wire_name
from tradewind.operations import message_shapes as wire

GOLDEN, CURRENT = shapes.golden(), shapes.current()
HOW = "run `python -m tests.contracts.shapes` and look at what it changed"


@pytest.mark.parametrize("name", GOLDEN)
def test_an_event_that_was_promised_is_kept(name: str) -> None:
    assert name in CURRENT, f"{name} is gone: those who hear it, and old rows of the log, still need it"
    assert list(shapes.breaks(GOLDEN[name], CURRENT[name])) == []


def test_every_event_is_written_down() -> None:
    assert CURRENT == GOLDEN, HOW


def test_names_are_explicit_and_in_the_past_tense() -> None:
    names = [wire_name(event) for _, event in wire.events()]
    assert len(set(names)) == len(names)
    for _, event in wire.events():
        assert isinstance(event.__struct_config__.tag, str), event
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+ed", wire_name(event)), event


def test_an_event_is_keyed_by_a_field_of_its_own() -> None:
    assert [wire_name(event) for _, event in wire.events() if not wire.keyed_by(event)] == []


class Told(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int
    note: str = ""


class Gone(Event, frozen=True, tag="thing.told"):
    thing_id: str
    note: str = ""


class Retyped(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: str
    note: str = ""


class Loosened(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int = 0
    note: str = ""


class Tightened(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int
    note: str


class Demanding(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int
    more: int
    note: str = ""


class Nested(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int
    note: str = ""
    parts: tuple[Told, ...] = ()


class NestedOther(Event, frozen=True, tag="thing.told"):
    thing_id: str
    number: int
    note: str = ""
    parts: tuple[Demanding, ...] = ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (Told, Gone, ["number is gone"]),
        (Told, Retyped, ["number was integer and is text"]),
        (Told, Loosened, ["number may be missing now"]),
        (Told, Tightened, ["note must be there now, and old events lack it"]),
        (Told, Demanding, ["more is new and has no default, and old events lack it"]),
        (Told, Nested, []),
        (Told, Told, []),
    ],
)
def test_a_break_is_seen(old: type[Event], new: type[Event], says: Iterable[str]) -> None:
    assert list(shapes.breaks(wire.shape(old), wire.shape(new))) == says


def test_a_break_inside_a_list_is_seen() -> None:
    assert len(list(shapes.breaks(wire.shape(Nested), wire.shape(NestedOther)))) == 1
