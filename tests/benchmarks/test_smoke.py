"""Runs every benchmark for a second on small data, so that none breaks unseen: each starts its servers, plays a
round, judges its targets and prints a table.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.graphql.subject
import benchmarks.rpc.subject
import benchmarks.servers.base
from benchmarks import pairs, report
from benchmarks.bench import Bench, Outcome
from benchmarks.cases import CASES, backlog, growth, reads, restart, rpc, startup
from benchmarks.graphql.stores import Stores
from benchmarks.node import PEERS
from benchmarks.options import Options
from benchmarks.servers.backends import Backends
from tests.benchmarks import closed_loop
from tests.interop import nest
from tests.support.needs import NODE, NODE_APOLLO, unmet
from tools.servers.model import Server

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
RPC = ("nest", "node", "ours", "get")
ALONE = [name for name in CASES if name not in ("rpc", "contracts", "graphql")]
MEASURED = {
    "intake": ("tradewind", "per_s"),
    "stories": ("tradewind", "stories_per_s"),
    "backlog": ("tradewind", "per_s"),
    "latency": ("tradewind", "server_p99_ms"),
    "trickle": ("tradewind", "cpu_ms_per_story"),
    "reads": ("tradewind", "per_s"),
    "startup": ("tradewind", "ready_s"),
    "memory": ("tradewind", "rss_mb"),
    "restart": ("tradewind", "all_final_s"),
    "growth": ("large", "per_s"),
    "soak": ("tradewind", "rss_mb"),
    "http": ("own", "orders_per_s"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(benchmarks.servers.base, "wrk", closed_loop.wrk)
    monkeypatch.setattr(benchmarks.rpc.subject, "wrk", closed_loop.wrk)
    monkeypatch.setattr(benchmarks.graphql.subject, "wrk", closed_loop.wrk)
    monkeypatch.setattr(pairs, "CACHE", tmp_path)
    monkeypatch.setattr(reads, "ROWS", 50)
    monkeypatch.setattr(rpc, "ROWS", 50)
    monkeypatch.setattr(backlog, "WAITING", 1)
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
    options = replace(SMALL, against_itself=True, without=("nestjs", "limit"))
    with Bench("intake", options, tmp_path, dict[str, Outcome]()) as bench:
        CASES["intake"](bench)
        bench.judge_pairs()
    assert set(bench.outcome.medians) == {"tradewind", "tradewind again"}
    assert [check.value for check in bench.outcome.checks]
    assert [note for note in bench.outcome.notes if note.startswith("tradewind: p99_ms against itself")]


@pytest.fixture
def backends() -> Iterator[Backends]:
    """One PostgreSQL and one RabbitMQ for all that is compared with the peers."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-bench-"))
    folder.chmod(0o755)  # the servers' users must come through
    made = Backends(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.postgres
@pytest.mark.rabbitmq
def test_the_benchmarks_with_peers_run(tmp_path: Path, backends: Backends) -> None:
    """One test for all of them, as they share what takes long to start; `ours2` is `ours` with another number."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        unmet(NODE)
    for server in (backends.postgres, backends.rabbitmq):
        if not server.installed():
            unmet(f"needs a {server.name} of its own, ./dev services up --install {server.name}")
    nest.installed()
    options = replace(SMALL, without=("tradewind", "limit"), only=RPC)
    found: dict[str, Outcome] = {}
    for name in ("intake", "rpc"):
        with Bench(name, options, tmp_path, found, backends) as bench:
            CASES[name](bench)
        found[name] = bench.outcome
        assert not [why for why in bench.outcome.skipped if why.startswith(("nest", "node", "ours:"))]
    assert (found["intake"].median("nestjs", "per_s") or 0) > 0
    assert set(found["rpc"].medians) == {"nest", "node", "ours", "nest get", "node get", "ours get"}
    _assert_that_contracts_runs(tmp_path, backends)
    durable = [note for note in found["rpc"].notes if "fsync=on, synchronous_commit=on" in note]
    assert len(durable) == 3 and all("durable" in note and "messages to" in note for note in durable)
    assert [note for note in durable if "1 of 1 messages to tradewind.events persistent" in note]


def _assert_that_contracts_runs(folder: Path, backends: Backends) -> None:
    with Bench("contracts", SMALL, folder, dict[str, Outcome](), backends) as bench:
        CASES["contracts"](bench)
    found = bench.outcome
    assert not [why for why in found.skipped if why.startswith(("node:", "ours:"))]
    assert set(found.medians) == {
        f"{name}{way}" for name in ("node", "ours") for way in ("", " edge", " lag")
    }
    assert all(found.median(name, "per_s") for name in ("node", "ours", "node edge", "ours edge"))
    assert all(found.median(f"{name} lag", "invoice_p50_ms") for name in ("node", "ours"))
    assert len([note for note in found.notes if "fsync=on, synchronous_commit=on" in note]) == 2


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.postgres
@pytest.mark.mysql
@pytest.mark.mongodb
@pytest.mark.redis
@pytest.mark.rabbitmq
def test_the_benchmark_of_the_gateway_runs(tmp_path: Path, backends: Backends) -> None:
    if shutil.which("npm") is None:
        unmet(NODE_APOLLO)
    servers: list[Server] = [backends.postgres, backends.rabbitmq, *Stores(tmp_path, backends).servers]
    for server in servers:
        if not server.installed():
            unmet(f"needs a {server.name} of its own, ./dev services up --install {server.name}")
    nest.installed(PEERS / "nestjs-graphql", "@apollo/server", NODE_APOLLO)
    folder = Path(tempfile.mkdtemp(prefix="tradewind-bench-"))
    folder.chmod(0o755)
    try:
        with Bench("graphql", SMALL, folder, dict[str, Outcome](), backends) as bench:
            CASES["graphql"](bench)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = bench.outcome
    assert not [why for why in found.skipped if why.startswith(("nest:", "ours:"))]
    plays = [f"{name}{way}" for name in ("nest", "ours") for way in ("", " reads", " nested")]
    assert set(found.medians) == set(plays)
    assert all(found.median(play, "per_s") for play in plays)
    assert not [play for play in plays if found.median(play, "errors")]
    assert len([note for note in found.notes if "innodb_flush_log_at_trx_commit=1" in note]) == 2
