"""Blueprint `graphql` against the published design on NestJS and Apollo Server, in one run."""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.course import Course
from benchmarks.graphql.stores import Stores
from benchmarks.graphql.subject import Shop
from benchmarks.graphql.systems import Nest, Ours
from benchmarks.processes import Failed

SUBJECTS: dict[str, type[Shop]] = {"nest": Nest, "ours": Ours}
READS, NESTED = "reads", "nested"
CPU = "app_cpu_s_per_1000"
TARGETS = (
    ("createOrder", "", 5.0, 1 / 3, 1 / 5),
    ("two reads in one document", f" {READS}", 2.0, 1 / 2, 1 / 2),
    ("20 orders with user and notifications", f" {NESTED}", 2.0, 1 / 2, 1 / 2),
)


def run(bench: Bench) -> None:
    """Both run side by side and rest while the other one is measured."""
    stores = Stores(bench.folder / "stores", bench.backends)
    bench.stack.callback(stores.stop)
    course = Course(bench, {name: partial(kind, stores=stores) for name, kind in SUBJECTS.items()})
    course.start(name for name in SUBJECTS if name in (bench.options.only or SUBJECTS))
    course.warm_up()
    course.rounds({name: (name, one.post) for name, one in course.running.items()})
    running = course.running.items()
    course.rounds({f"{name} {READS}": (name, partial(one.reads, one.both)) for name, one in running})
    course.rounds({f"{name} {NESTED}": (name, partial(one.reads, one.nested)) for name, one in running})
    bench.settle_medians()
    course.tell()
    judge(bench)
    if course.broken:
        raise Failed("; ".join(course.broken))


def judge(bench: Bench) -> None:
    for what, way, rate, tail, dear in TARGETS:
        ours, nest = f"ours{way}", f"nest{way}"
        bench.ratio(f"{what}: requests a second", (ours, "per_s"), (nest, "per_s"), at_least=rate)
        bench.ratio(f"{what}: p99", (ours, "p99_ms"), (nest, "p99_ms"), at_most=tail)
        bench.ratio(f"{what}: CPU of the application for 1,000", (ours, CPU), (nest, CPU), at_most=dear)
    nested = (f"ours {NESTED}", "rss_mb"), (f"nest {NESTED}", "rss_mb")
    bench.ratio("resident memory of all processes", *nested, at_most=0.5)
    errors = [float(str(one["errors"])) for one in bench.outcome.rounds if str(one["subject"])[:4] == "ours"]
    bench.check("ours: errors in all rounds", sum(errors) if errors else None, at_most=0)
