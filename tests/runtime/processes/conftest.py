"""Houses that end with their test, whatever it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.runtime.processes.programs import Program
from tests.runtime.processes.supervised import QUICK, Supervised
from tradewind.runtime.processes.restart_policy import Patience


class Open(Protocol):
    def __call__(
        self, hows: Mapping[str, str], stages: Mapping[str, int] | None = None, patience: Patience = QUICK
    ) -> Supervised: ...


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Open]:
    houses: list[Supervised] = []

    def new(
        hows: Mapping[str, str], stages: Mapping[str, int] | None = None, patience: Patience = QUICK
    ) -> Supervised:
        houses.append(Supervised(tmp_path, hows, stages, patience))
        return houses[-1]

    yield new
    for each in houses:
        each.close()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def new(*words: str, **how: Any) -> Program:
        programs.append(Program(*words, **how))
        return programs[-1]

    yield new
    for each in programs:
        each.close()
