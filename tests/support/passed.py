"""Leaves out of a run the tests that an earlier run of the same checkout has passed: CI runs the part that needs
nothing on a machine that has nothing, and need not run it again beside the servers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

TO, IN = "TESTS_PASSED_TO", "TESTS_PASSED_IN"
"""The file that a run writes, and the one that a run reads: a name of a test a line."""


class Note:
    """Writes which tests have passed, from their set-up to their end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._passed: set[str] = set()
        self._spoiled: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self._spoiled.add(report.nodeid)
        elif report.when == "call":
            self._passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._path.write_text("".join(f"{name}\n" for name in sorted(self._passed - self._spoiled)))


class LeaveOut:
    def __init__(self, path: Path) -> None:
        self._passed = frozenset(path.read_text().splitlines())

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        known = [item for item in items if item.nodeid in self._passed]
        config.hook.pytest_deselected(items=known)
        items[:] = [item for item in items if item.nodeid not in self._passed]


def plugins(config: pytest.Config) -> Sequence[Note | LeaveOut]:
    """As the environment asks for; a worker notes nothing, its reports come to the one that writes."""
    found: list[Note | LeaveOut] = []
    if (path := os.environ.get(TO)) and not hasattr(config, "workerinput"):
        found.append(Note(Path(path)))
    if path := os.environ.get(IN):
        found.append(LeaveOut(Path(path)))
    return found
