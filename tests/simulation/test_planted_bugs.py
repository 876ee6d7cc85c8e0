"""Each planted bug is found within a few schedules, by the promise that it breaks, and without it the same schedules are clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tradewind.apps.simulation.campaign import Campaign, campaign
from tradewind.apps.simulation.disk import Disk
from tradewind.apps.simulation.shop import Build

from . import plants

FIRST, ORDERS = 1, 10
Plant = Callable[[pytest.MonkeyPatch], Build]
PLANTS: list[tuple[Plant, int, set[str]]] = [
    (plants.starts_early, 60, {"money", "no phantom"}),
    (plants.answers_early, 60, {"accepted is kept", "replay"}),
    (plants.remembers_nothing, 20, {"replay", "no phantom"}),
    (plants.charges_blindly, 20, {"money"}),
    (plants.holds_what_is_not_there, 20, {"dead letters", "answers"}),
    (plants.forgets_what_it_waits_for, 20, {"nothing stuck"}),
]


@contextmanager
def planted(plant: Plant) -> Iterator[Build]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield plant(monkeypatch)


def _found(plant: Plant, most: int, disk: Disk) -> Campaign:
    with planted(plant) as make:
        return campaign(FIRST, most, ORDERS, disk, make=make)


@pytest.mark.parametrize(("plant", "most", "promises"), PLANTS, ids=[plant.__name__ for plant, _, _ in PLANTS])
def test_a_planted_bug_is_found(disk: Disk, plant: Plant, most: int, promises: set[str]) -> None:
    done = _found(plant, most, disk)
    assert done.failure is not None, f"{plant.__doc__} is not found in {most} schedules"
    assert {violation.name for violation in done.failure.violations} & promises, done.failure.violations
    assert done.failure.story
    clean = campaign(FIRST, done.schedules, ORDERS, disk)
    assert clean.failure is None, clean.failure


def test_the_stock_itself_shows_what_was_held_too_much() -> None:
    """With the database's own check gone as well."""
    disk = Disk()
    disk.connection.execute("PRAGMA ignore_check_constraints = ON")
    done = _found(plants.holds_what_is_not_there, 20, disk)
    assert done.failure is not None
    assert "stock" in {violation.name for violation in done.failure.violations}
