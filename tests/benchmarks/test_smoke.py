"""Runs every benchmark for a second on small data, so that none breaks unseen: each starts its servers, plays a
round, judges its targets and prints a table.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.rpc.subject
import benchmarks.servers.base
from benchmarks import report
from benchmarks.bench import Bench, Outcome
from benchmarks.cases import CASES, growth, reads, restart, startup
from benchmarks.options import Options
from tests.benchmarks import closed_loop

SMALL = Options(
    rounds=1,
    seconds=1,
    warm_up=0.2,
    connections=8,
    rate=20,
    minutes=0.01,
    orders=150,
    large=120,
    unfinished=1,
    without=("nestjs",),
)
ALONE = [name for name in CASES if name != "rpc"]
MEASURED = {
    "intake": ("tradewind", "per_s"),
    "stories": ("tradewind", "stories_per_s"),
    "latency": ("tradewind", "server_p99_ms"),
    "trickle": ("tradewind", "cpu_ms_per_story"),
    "reads": ("tradewind", "per_s"),
    "startup": ("tradewind", "ready_s"),
    "memory": ("tradewind", "rss_mb"),
    "restart": ("tradewind", "all_final_s"),
    "growth": ("large", "per_s"),
    "soak": ("tradewind", "rss_mb"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(benchmarks.servers.base, "wrk", closed_loop.wrk)
    monkeypatch.setattr(benchmarks.rpc.subject, "wrk", closed_loop.wrk)
    monkeypatch.setattr(reads, "ROWS", 50)
    monkeypatch.setattr(startup, "ORDERS", 50)
    monkeypatch.setattr(restart, "LOAD_S", 3.0)
    monkeypatch.setattr(growth, "SMALL", 60)
    monkeypatch.setattr(growth, "CACHE", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_runs(name: str, tmp_path: Path) -> None:
    with Bench(name, SMALL, tmp_path, dict[str, Outcome]()) as bench:
        CASES[name](bench)
    outcome = bench.outcome
    assert not [why for why in outcome.skipped if why.startswith(("tradewind", "limit"))]
    subject, figure = MEASURED[name]
    assert (outcome.median(subject, figure) or 0) > 0
    assert outcome.checks
    assert name in report.show(outcome)
    assert [note for note in outcome.notes if note.endswith("journal_mode=wal, synchronous=FULL")]


@pytest.mark.slow
def test_intake_is_held_against_itself(tmp_path: Path) -> None:
    with Bench("intake", replace(SMALL, against_itself=True), tmp_path, dict[str, Outcome]()) as bench:
        CASES["intake"](bench)
    assert set(bench.outcome.medians) == {"tradewind", "again"}
    assert not bench.outcome.skipped
