"""A shop whose ids tell no time keeps its promises through the same faults, and the audit finds its way."""

from __future__ import annotations

import pytest

from tradewind.core import checks
from tradewind.core.clock import Clock
from tradewind.core.model import Service
from tradewind.core.store import Store
from tradewind.engine.platform import Platform
from tradewind.operations.audit import stories
from tradewind.testing.simulation.campaign import campaign
from tradewind.testing.simulation.disk import Disk
from tradewind.testing.simulation.shop import build
from tradewind.testing.simulation.virtual import SeededClock


def with_version_4(store: Store, made: list[Service], clock: Clock, keep_ms: int) -> Platform:
    assert isinstance(clock, SeededClock)
    clock.ids = "v4"
    return build(store, made, clock, keep_ms)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_schedules_with_ids_of_version_4(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "WINDOW", 3)
    monkeypatch.setattr(checks, "PAGE", 3)
    disk = Disk()
    found = campaign(seed, 1, 20, disk, make=with_version_4)
    assert found.failure is None, found.failure
    versions = {key[14] for (key,) in disk.connection.execute("SELECT id FROM orders_orders")}
    assert versions == {"4"}
