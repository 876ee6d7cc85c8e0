"""Holds what a figure in a result may claim: medians of rounds, ratios only of what was measured, skips by
name.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from benchmarks import pairs, report
from benchmarks.bench import Bench, Make
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


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the run remembers what systems show against themselves."""
    monkeypatch.setattr(pairs, "CACHE", tmp_path)
    return tmp_path


FIRST = {"per_s": 100.0, "cpu_s_per_1000": 1.0, "p99_ms": 10.0}


def against_itself(folder: Path, rounds: int, **second: float) -> Bench:
    bench = Bench("sample", Options(rounds=rounds, against_itself=True), folder, {})
    bench.interleave({"one": lambda: FIRST, "one again": lambda: FIRST | second})
    bench.judge_pairs()
    return bench


@pytest.mark.parametrize(("rate", "met"), [(100.0, True), (90.0, True), (80.0, False), (125.0, False)])
def test_a_system_against_itself_is_one_in_rate_and_cpu(kept: Path, rate: float, met: bool) -> None:
    checks = against_itself(kept, 1, per_s=rate).outcome.checks
    assert [check.what for check in checks] == [
        "one: per_s against itself",
        "one: cpu_s_per_1000 against itself",
    ]
    assert [check.met for check in checks] == [met, True]
    assert checks[0].target == "≥ 0.85, ≤ 1.15"


@pytest.mark.parametrize(
    ("p99", "rounds", "why"),
    [
        (14.0, 7, ""),
        (16.0, 7, "not measurable: one against itself gave 1.60"),
        (6.0, 7, "not measurable: one against itself gave 1.67"),
        (14.0, 6, "not measurable: one was held against itself for 6 rounds"),
    ],
)
def test_a_p99_is_judged_only_where_it_can_be_measured(kept: Path, p99: float, rounds: int, why: str) -> None:
    against_itself(kept, rounds, p99_ms=p99)
    bench = Bench("sample", Options(rounds=7), kept, {})
    bench.interleave({"one": lambda: FIRST})
    bench.median("p99", "one", "p99_ms", at_most=5)
    bench.median("rate", "one", "per_s", at_least=5)
    tail, rate = bench.outcome.checks
    assert (tail.value, tail.why, tail.met) == (10, why, None if why else False)
    assert rate.met
    assert (why or "MISSED") in report.show(bench.outcome)


def test_a_p99_of_few_rounds_or_never_tried_is_not_judged(kept: Path) -> None:
    few, untried = (Bench("sample", Options(rounds=rounds), kept, {}) for rounds in (6, 7))
    for bench in (few, untried):
        bench.interleave({"one": lambda: FIRST, "other": lambda: FIRST})
        bench.ratio("p99", ("one", "p99_ms"), ("other", "p99_ms"), at_most=0.5)
    assert few.outcome.checks[0].why == "not measurable: 6 rounds, 7 are needed"
    assert "was not held against itself: ./dev bench sample --self" in untried.outcome.checks[0].why


def test_a_change_is_judged_by_what_it_costs(kept: Path) -> None:
    bench = Bench("sample", Options(rounds=1, against="abc"), kept, {})
    before = FIRST | {"per_s": 104.0, "cpu_s_per_1000": 0.99}
    bench.interleave({"one": lambda: FIRST, "one before": lambda: before, "one get": lambda: FIRST})
    bench.check("of another kind", 7, at_most=5)
    bench.judge_pairs()
    assert [(check.what, check.target, check.met) for check in bench.outcome.checks] == [
        ("one: per_s against abc", "≥ 0.97", False),
        ("one: cpu_s_per_1000 against abc", "≤ 1.03", True),
        ("one: p99_ms against abc", "≤ 1.03", None),
    ]


def test_a_pair_is_two_of_the_same_and_two_versions_where_there_are_two(tmp_path: Path) -> None:
    class Other(Server):
        def start(self) -> None:
            pass

    class Ours(Other):
        versioned = True

    makes: dict[str, Make[Server]] = {"ours": partial(Ours), "other": Other}
    itself = Bench("sample", Options(against_itself=True), tmp_path, {})
    assert list(itself.start_all(makes)) == ["ours", "ours again", "other", "other again"]
    versions = Bench("sample", Options(against="abc", before="/old/tradewind"), tmp_path, {})
    started = versions.start_all(makes)
    assert [(name, server.options.program) for name, server in started.items()] == [
        ("ours", ""),
        ("ours before", "/old/tradewind"),
    ]


def test_no_result_names_a_folder_of_this_machine() -> None:
    assert relative(f"{ROOT}/.bench/x and {Path.home()}/y") == ".bench/x and ~/y"


def test_percentiles_come_from_the_values() -> None:
    assert percentile([5, 1, 3], 50) == 3
    assert percentile(list(range(100)), 99) == 99
    assert percentile([7], 99) == 7
