"""Requests without an Idempotency-Key, on a store that commits and cannot say so."""

from __future__ import annotations

import pytest

from tradewind.testing.simulation.campaign import campaign
from tradewind.testing.simulation.disk import Disk
from tradewind.testing.simulation.weather import Weather


def test_a_request_without_a_key_is_not_done_twice(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyless(Weather):
        def __init__(self, seed: int) -> None:
            super().__init__(seed)
            self.commit_unknown, self.keyless = 0.2, 0.5

    monkeypatch.setattr("tradewind.testing.simulation.schedule.Weather", Keyless)
    assert campaign(1, 30, 10, disk).failure is None
