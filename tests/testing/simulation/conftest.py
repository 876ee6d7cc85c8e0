"""Lends one disk to all schedules of a session: it is emptied before each."""

from __future__ import annotations

import pytest

from tradewind.testing.simulation.disk import Disk


@pytest.fixture(scope="session")
def disk() -> Disk:
    return Disk()
