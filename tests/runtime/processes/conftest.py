"""Houses that end with their test, whatever it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.runtime.processes.house import QUICK, House
from tests.runtime.processes.programs import Program
from tradewind.runtime.processes.restart_policy import Patience


class Open(Protocol):
    def __call__(
        self, hows: Mapping[str, str], stages: Mapping[str, int] | None = None, patience: Patience = QUICK
    ) -> House: ...


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Open]:
    houses: list[House] = []

    def new(
        hows: Mapping[str, str], stages: Mapping[str, int] | None = None, patience: Patience = QUICK
    ) -> House:
        houses.append(House(tmp_path, hows, stages, patience))
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
