"""Blueprint `contracts` against the published design on Node.js, direct and each through its own edge, in one
run.
"""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.contracts.subject import Pair
from benchmarks.contracts.systems import Node, Ours
from benchmarks.course import Course
from benchmarks.processes import Failed

SUBJECTS: dict[str, type[Pair]] = {"node": Node, "ours": Ours}
EDGE, LAG = "edge", "lag"


def run(bench: Bench) -> None:
    """Both run side by side and rest while the other one is measured."""
    course = Course(bench, SUBJECTS)
    course.start(name for name in SUBJECTS if name in (bench.options.only or SUBJECTS))
    course.warm_up()
    course.rounds({name: (name, subject.post) for name, subject in course.running.items()})
    course.rounds(
        {
            f"{name} {EDGE}": (name, partial(subject.post, subject.edge))
            for name, subject in course.running.items()
        }
    )
    course.rounds({f"{name} {LAG}": (name, subject.lag) for name, subject in course.running.items()})
    bench.settle_medians()
    course.tell()
    judge(bench)
    if course.broken:
        raise Failed("; ".join(course.broken))


def judge(bench: Bench) -> None:
    cpu = "app_cpu_s_per_1000"
    for what, way, rate, tail, dear in (
        ("direct", "", 2.0, 0.5, 0.5),
        ("through the edges", f" {EDGE}", 1.0, 1.5, 1.2),
    ):
        ours, node = f"ours{way}", f"node{way}"
        bench.ratio(f"POST /orders {what}", (ours, "per_s"), (node, "per_s"), at_least=rate)
        bench.ratio(f"its p99 {what}", (ours, "p99_ms"), (node, "p99_ms"), at_most=tail)
        bench.ratio(f"CPU of the application for 1,000 orders {what}", (ours, cpu), (node, cpu), at_most=dear)
    lag = "invoice_p50_ms"
    bench.ratio("order to stored invoice, p50", (f"ours {LAG}", lag), (f"node {LAG}", lag), at_most=0.5)
    for name in ("ours", f"ours {EDGE}"):
        extra = [float(str(played["extra"])) for played in bench.outcome.rounds if played["subject"] == name]
        bench.check(f"{name}: orders stored and not asked for", sum(extra) if extra else None, at_most=0)
