"""Each planted bug is found within a few schedules, by the promise that it breaks, and without it the same
schedules are clean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tradewind.testing.simulation.campaign import Campaign, campaign
from tradewind.testing.simulation.disk import Disk
from tradewind.testing.simulation.shop import Build

from . import plants

FIRST, MOST, ORDERS = 1, 60, 10
Plant = Callable[[pytest.MonkeyPatch], Build]
PLANTS: list[tuple[Plant, set[str]]] = [
    (plants.starts_early, {"money", "no bug"}),
    (plants.answers_early, {"accepted is kept", "replay"}),
    (plants.remembers_nothing, {"replay", "no phantom"}),
    (plants.charges_blindly, {"money"}),
    (plants.holds_what_is_not_there, {"dead letters"}),
    (plants.believes_everybody, {"money"}),
    (plants.keeps_late_money, {"failed is clean", "money"}),
    (plants.refunds_anew, {"money"}),
    (plants.reads_again, {"nothing stuck", "legal transitions only"}),
    (plants.trusts_its_memory, {"legal transitions", "legal transitions only", "dead letters"}),
    (plants.forgets_what_it_waits_for, {"nothing stuck"}),
]


@contextmanager
def planted(plant: Plant) -> Iterator[Build]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield plant(monkeypatch)


def _found(plant: Plant, disk: Disk) -> Campaign:
    with planted(plant) as make:
        return campaign(FIRST, MOST, ORDERS, disk, make=make)


@pytest.mark.parametrize(("plant", "promises"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_bug_is_found(disk: Disk, plant: Plant, promises: set[str]) -> None:
    done = _found(plant, disk)
    assert done.failure is not None, f"not found in {MOST} schedules: {plant.__doc__}"
    assert {violation.name for violation in done.failure.violations} & promises, done.failure.violations
    assert done.failure.story
    clean = campaign(FIRST, done.schedules, ORDERS, disk)
    assert clean.failure is None, clean.failure


def test_the_stock_itself_shows_what_was_held_too_much() -> None:
    """With the database's own check gone as well."""
    disk = Disk()
    disk.connection.execute("PRAGMA ignore_check_constraints = ON")
    done = _found(plants.holds_what_is_not_there, disk)
    assert done.failure is not None
    assert "stock" in {violation.name for violation in done.failure.violations}
