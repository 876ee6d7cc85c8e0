"""The benchmark of the blueprint rpc, against systems that are not there: who is measured, what is counted,
what a break does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from benchmarks import __main__ as command
from benchmarks import bench, pairs, readme, report
from benchmarks.bench import Bench, Figures, Outcome
from benchmarks.cases import rpc
from benchmarks.course import Course, Play
from benchmarks.load import Load
from benchmarks.options import Options
from benchmarks.processes import Failed, Missing
from benchmarks.rpc import page, sink
from benchmarks.rpc.nodes import Nest, Tuned
from benchmarks.rpc.ours import Doubled, Ours
from benchmarks.rpc.subject import Subject
from benchmarks.servers.backends import Backends

RATES = {"nest": 1_000.0, "node": 4_000.0, "ours": 5_000.0, "ours2": 5_500.0}


class Idle:
    """Servers that cost a second of CPU at each look."""

    def __init__(self, folder: Path) -> None:
        self.spent = 0.0

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def cpu_seconds(self) -> dict[str, float]:
        self.spent += 1
        return {"postgres": self.spent, "rabbitmq": 2 * self.spent}


class Told(Subject):
    """Does as the test says."""

    absent: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    played: list[str]

    def __init__(self, options: Options, folder: Path, backends: Backends) -> None:
        super().__init__(options, folder, backends)
        self.name = folder.name

    def start(self) -> None:
        if self.name in self.absent:
            raise Missing("node is not here: apt-get install nodejs")

    def prove(self) -> None:
        pass

    def durability(self) -> str:
        return "none"

    def warm_up(self, play: Callable[[float], Load] | None = None) -> None:
        pass

    def post(self, port: int = 0) -> Figures:
        self.played.append(self.name.replace("-", " "))
        if self.name in self.breaks:
            raise Failed("it has ended")
        rate = RATES[self.name.removesuffix("-again")]
        return {
            "per_s": rate,
            "p99_ms": 10_000 / rate,
            "app_cpu_s_per_1000": 500 / rate,
            "rss_mb": rate / 100,
            "pss_mb": 9.0,
            "extra": 1.0 if self.name == "ours2" else 0.0,
        }

    def get(self, reads: Path) -> Figures:
        self.played.append(f"{self.name} get".replace("-", " "))
        return {"per_s": 2 * RATES[self.name.removesuffix("-again")]}

    def memory_by_role(self) -> dict[str, Figures]:
        return {"gateway": {"rss_mb": 30.0, "pss_mb": 20.0}}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(Told, "played", found, raising=False)
    monkeypatch.setattr(bench, "Backends", Idle)
    monkeypatch.setattr(pairs, "CACHE", tmp_path)
    monkeypatch.setattr(rpc, "SUBJECTS", dict.fromkeys(rpc.SUBJECTS, Told))

    def readers(course: Course[Told], names: list[str]) -> dict[str, Play]:
        return {
            f"{name} get": (name, partial(subject.get, Path()))
            for name, subject in course.running.items()
            if name.partition(" ")[0] in names
        }

    monkeypatch.setattr(rpc, "readers", readers)
    return found


def measured(folder: Path, **options: Any) -> Outcome:
    with Bench("rpc", Options(rounds=2, **options), folder, {}) as bench:
        rpc.run(bench)
    return bench.outcome


def test_all_of_it(tmp_path: Path, played: list[str]) -> None:
    outcome = measured(tmp_path)
    assert played == ["nest", "node", "ours", "ours2"] * 2 + ["nest get", "node get", "ours get"] * 2
    assert [check.value for check in outcome.checks] == [5, 1.25, 0.2, 0.2, 5, 5, 1, 1.1, 0, 2]
    assert [check.met for check in outcome.checks] == [
        True,
        True,
        None,  # the p99, of two rounds
        True,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert "nest: none" in outcome.notes
    assert outcome.details["ours"]["memory"] == {"gateway": {"rss_mb": 30.0, "pss_mb": 20.0}}


def test_against_itself(tmp_path: Path, played: list[str]) -> None:
    with Bench("rpc", Options(rounds=1, against_itself=True, only=("nest", "get")), tmp_path, {}) as bench:
        rpc.run(bench)
        bench.judge_pairs()
    assert played == ["nest", "nest again", "nest get", "nest again get"]
    assert [check.what for check in bench.outcome.checks] == [
        "nest: per_s against itself",
        "nest: app_cpu_s_per_1000 against itself",
        "nest get: per_s against itself",
    ]
    assert all(check.met for check in bench.outcome.checks)


@pytest.mark.parametrize(
    ("only", "runs"),
    [
        ((), ["nest", "node", "ours", "ours2", "nest get", "node get", "ours get"]),
        (("nest", "node"), ["nest", "node"]),
        (("ours", "get"), ["ours", "ours get"]),
        (("get",), ["nest get", "node get", "ours get"]),
    ],
)
def test_parts(tmp_path: Path, played: list[str], only: tuple[str, ...], runs: list[str]) -> None:
    measured(tmp_path, only=only)
    assert list(dict.fromkeys(played)) == runs


def test_who_is_absent_is_skipped_by_name(
    tmp_path: Path, played: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "absent", ("nest",))
    outcome = measured(tmp_path)
    assert "nest" not in played and outcome.skipped[0] == "nest: node is not here: apt-get install nodejs"
    assert outcome.checks[0].met is None


def test_who_breaks_is_told_and_the_others_go_on(
    tmp_path: Path, played: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "breaks", ("node",))
    with (
        Bench("rpc", Options(rounds=2), tmp_path, {}) as bench,
        pytest.raises(Failed, match="node: it has ended"),
    ):
        rpc.run(bench)
    assert played == ["nest", "node", "ours", "ours2", "nest", "ours", "ours2"] + ["nest get", "ours get"] * 2
    assert [check.met for check in bench.outcome.checks][:4] == [True, None, None, True]


class Table(Subject):
    """Its rounds are real, its rows are told."""

    def __init__(self, folder: Path, rows: list[int], load: Load) -> None:
        super().__init__(Options(seconds=1), folder, cast(Backends, Idle(folder)))
        self.rows, self.load = iter(rows), load

    def roles(self) -> dict[str, int]:
        return {}

    def stored(self) -> int:
        return next(self.rows)

    def place(self, seconds: float, connections: int | None = None, port: int = 0) -> Load:
        self.accepted += self.load.requests - self.load.refused
        return self.load


@pytest.mark.parametrize(
    ("rows", "refused", "extra"), [(1_000, 0, 0), (1_064, 0, 0), (990, 10, 0), (1_070, 0, 6)]
)
def test_rows_are_held_against_answers(tmp_path: Path, rows: int, refused: int, extra: int) -> None:
    load = Load(1_000.0, 1_000, 1.0, 2.0, refused, 0)
    figures = Table(tmp_path, [7, 7, 7 + rows, 7 + rows], load).post()
    assert (figures["rows"], figures["extra"], figures["errors"]) == (rows, extra, refused)
    assert (figures["postgres_cpu_s_per_1000"], figures["rabbitmq_cpu_s_per_1000"]) == (1, 2)


def test_an_answered_order_that_is_not_stored_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="1000 orders were accepted, 990 are in the store"):
        Table(tmp_path, [7, 7, 997], Load(1_000.0, 1_000, 1.0, 2.0, 0, 0)).post()


def test_who_is_who() -> None:
    assert {"nest": Nest, "node": Tuned, "ours": Ours, "ours2": Doubled} == rpc.SUBJECTS
    assert (Ours.copies, Doubled.copies) == (1, 2)


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    names, options = command.parsed(["rpc", "--only", "nest,get", "--rounds", "1"])
    assert (names, options.only, options.rounds) == (["rpc"], ("nest", "get"), 1)
    assert "rpc" not in command.parsed([])[0]
    with pytest.raises(SystemExit):
        command.parsed(["rpc", "--only", "java"])
    assert "--only java: there are nest, node, ours, ours2, get" in capsys.readouterr().err


def test_a_run_of_parts_is_no_result(
    tmp_path: Path, played: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(report, "PARTIAL", tmp_path / "partial")
    for only, folder in (((), "results"), (("nest",), "partial")):
        outcome = measured(tmp_path, only=only)
        assert (
            report.write([outcome], Options(only=only), {}, [], datetime.now(UTC))
            == tmp_path / folder / "rpc.json"
        )
    machine = {"cores": 2, "cpu": "A CPU", "fdatasync_us": 200, "python": "3.11.7", "load_before": [0.1]}
    report.write([measured(tmp_path)], Options(), machine, [], datetime(2027, 1, 1, tzinfo=UTC))
    text = readme.rpc_table(tmp_path / "results")
    assert "| `POST /api/orders` a second | 5,000 | 5,500 | 1,000 | 4,000 |" in text
    assert "| `GET /api/orders/:id` a second | 10,000 | - | 2,000 | 8,000 |" in text
    assert (
        "| POST /api/orders against NestJS | 5 | ≥ 5 | met |" in text
        and "2027-01-01, 2 cores (A CPU)" in text
    )
    assert readme.table(tmp_path / "results") == readme.NOTHING
    marked = f"a\n{readme.RPC_START}\n{readme.RPC_END}\nb"
    assert readme.filled(marked, text, readme.RPC_START, readme.RPC_END).startswith(
        f"a\n{readme.RPC_START}\n| median | Tradewind |"
    )


def test_many_figures_stand_below_each_other(tmp_path: Path) -> None:
    outcome = Outcome(
        "rpc",
        medians={
            "nest": {f"figure {n}": float(n) for n in range(report.WIDE + 1)},
            "ours": {"figure 1": 7.0},
        },
    )
    lines = report.show(outcome).splitlines()
    assert lines[2].split("  ")[-1].strip() == "ours" and lines[4].split() == ["figure", "1", "1", "7"]


def test_the_page_leaves_out_who_did_not_run() -> None:
    told = page.table({"medians": {"nest": {"per_s": 900.0}}, "checks": []})
    assert told.startswith("| median | NestJS |\n| --- | --- |\n| `POST /api/orders` a second | 900 |")


def test_spans_are_counted() -> None:
    scopes = [ScopeSpans(spans=[Span(), Span()]), ScopeSpans(spans=[Span()])]
    export = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=scopes)])
    assert (sink.spans(export.SerializeToString()), sink.spans(b"")) == (3, 0)
