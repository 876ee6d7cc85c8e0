"""Holds what a figure in a result may claim: medians of rounds, ratios only of what was measured, skips by
name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.load import Load
from benchmarks.openloop import percentile
from benchmarks.options import Options
from benchmarks.paths import ROOT, relative
from benchmarks.processes import Failed, Missing
from benchmarks.servers import base
from benchmarks.servers.base import Server


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench("sample", Options(rounds=3), tmp_path, {})


def test_rounds_are_interleaved_and_medians_compared(bench: Bench) -> None:
    fast, slow = iter([90.0, 100.0, 500.0]), iter([1.0, 20.0, 25.0])
    bench.interleave({"fast": lambda: {"per_s": next(fast)}, "slow": lambda: {"per_s": next(slow)}})
    assert [played["subject"] for played in bench.outcome.rounds] == ["fast", "slow"] * 3
    bench.ratio("fast against slow", ("fast", "per_s"), ("slow", "per_s"), at_least=5)
    assert (bench.outcome.checks[0].value, bench.outcome.checks[0].met) == (5, True)


def test_a_missed_target_is_told(bench: Bench) -> None:
    bench.check("too slow", 31, at_most=30)
    assert bench.outcome.checks[0].met is False
    assert "MISSED" in report.show(bench.outcome)


def test_a_server_that_cannot_run_is_skipped_by_name_with_its_ratios(bench: Bench) -> None:
    class Absent(Server):
        def start(self) -> None:
            raise Missing("node is not here: apt-get install nodejs")

    assert bench.start(Absent, "nestjs") is None
    bench.ratio("against NestJS", ("tradewind", "per_s"), ("nestjs", "per_s"), at_least=4)
    assert bench.outcome.skipped == [
        "nestjs: node is not here: apt-get install nodejs",
        "against NestJS: not measured",
    ]
    assert bench.outcome.checks[0].value is None
    assert "not measured" in report.show(bench.outcome)


def test_an_accepted_order_that_is_not_stored_fails_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = iter([7, 17, 26])

    class Losing(Server):
        def stored(self) -> int:
            return next(rows)

    monkeypatch.setattr(base, "wrk", lambda *_, **__: Load(10, 10, 1, 2, refused=0, broken=0))
    server = Losing(Options(seconds=1), tmp_path)
    server.settle()
    server.place(1)
    server.settle()
    server.place(1)
    with pytest.raises(Failed, match="10 orders were accepted, 9 are in the store"):
        server.settle()


@pytest.mark.parametrize(
    ("rate", "p99", "rounds", "met", "said"),
    [
        (95.0, 14.0, 7, True, "p99 against itself 1.40, 7 rounds: measurable"),
        (95.0, 16.0, 7, True, "p99 against itself 1.60, 7 rounds: not measurable"),
        (95.0, 14.0, 6, True, "p99 against itself 1.40, 6 rounds: not measurable"),
        (80.0, 14.0, 7, False, "p99 against itself 1.40, 7 rounds: measurable"),
        (125.0, 14.0, 7, False, "p99 against itself 1.40, 7 rounds: measurable"),
    ],
)
def test_a_system_against_itself(
    tmp_path: Path, rate: float, p99: float, rounds: int, met: bool, said: str
) -> None:
    bench = Bench("sample", Options(rounds=rounds), tmp_path, {})
    first = {"per_s": 100.0, "cpu_s_per_1000": 1.0, "p99_ms": 10.0}
    bench.interleave({"one": lambda: first, "other": lambda: first | {"per_s": rate, "p99_ms": p99}})
    bench.same("one", "other")
    assert all(check.met for check in bench.outcome.checks) is met
    assert bench.outcome.notes == [said]


def test_no_result_names_a_folder_of_this_machine() -> None:
    assert relative(f"{ROOT}/.bench/x and {Path.home()}/y") == ".bench/x and ~/y"


def test_percentiles_come_from_the_values() -> None:
    assert percentile([5, 1, 3], 50) == 3
    assert percentile(list(range(100)), 99) == 99
    assert percentile([7], 99) == 7
