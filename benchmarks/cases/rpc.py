"""Blueprint `rpc` against the system it stands in for, and against what that system's runtime can do at best,
in one run.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from benchmarks.bench import Bench
from benchmarks.course import Course, Play
from benchmarks.processes import Failed
from benchmarks.rpc.nodes import Nest, Tuned
from benchmarks.rpc.ours import Doubled, Ours
from benchmarks.rpc.subject import Subject

SUBJECTS: dict[str, type[Subject]] = {"nest": Nest, "node": Tuned, "ours": Ours, "ours2": Doubled}
READ = ("nest", "node", "ours")
GET = "get"
PARTS = (*SUBJECTS, GET)
ROWS = 5_000
WARM_READS_S = 5.0


def run(bench: Bench) -> None:
    """All run side by side and rest while another one is measured. One that breaks is told of, and the others
    go on.
    """
    only = bench.options.only or PARTS
    chosen = [name for name in SUBJECTS if name in only]
    reads = [name for name in READ if name in (chosen or SUBJECTS)] if GET in only else []
    course = Course(bench, SUBJECTS)
    course.start(chosen or reads)
    if chosen:
        course.warm_up()
        course.rounds({name: (name, subject.post) for name, subject in course.running.items()})
    course.rounds(readers(course, reads))
    bench.settle_medians()
    course.tell()
    judge(bench)
    if course.broken:
        raise Failed("; ".join(course.broken))


def readers(course: Course[Subject], names: Iterable[str]) -> dict[str, Play]:
    """Places the orders that will be read, and warms reading up."""
    plays: dict[str, Play] = {}
    readers = tuple(names)
    for name in [name for name in course.running if name.partition(" ")[0] in readers]:
        with course.trying(name):
            subject, warm_up = course.running[name], course.bench.options.warm_up
            placed = subject.place_many(ROWS)
            reads = course.bench.folder / f"{name}.reads"
            reads.write_text("\n".join([f"{subject.orders.path}/{number}" for number, _ in placed]))
            subject.settle()
            subject.read(reads, WARM_READS_S if warm_up is None else warm_up)
            plays[f"{name} {GET}"] = name, partial(subject.get, reads)
    return plays


def judge(bench: Bench) -> None:
    nest, node, cpu = "nest", "node", "app_cpu_s_per_1000"
    bench.ratio("POST /api/orders against NestJS", ("ours", "per_s"), (nest, "per_s"), at_least=5)
    bench.ratio(
        "POST /api/orders against the tuned Node pair", ("ours", "per_s"), (node, "per_s"), at_least=0.9
    )
    bench.ratio("p99 of POST against NestJS", ("ours", "p99_ms"), (nest, "p99_ms"), at_most=0.333)
    bench.ratio(
        "CPU of the application for 1,000 orders against NestJS", ("ours", cpu), (nest, cpu), at_most=0.2
    )
    bench.ratio(
        "GET /api/orders/:id against NestJS", ("ours get", "per_s"), ("nest get", "per_s"), at_least=4
    )
    bench.ratio(
        "resident memory of the four processes against NestJS's two",
        ("ours", "rss_mb"),
        (nest, "rss_mb"),
        at_most=0.5,
    )
    bench.ratio(
        "proportional memory of the four processes against NestJS's two",
        ("ours", "pss_mb"),
        (nest, "pss_mb"),
        at_most=0.5,
    )
    bench.ratio(
        "POST with two copies of orders against one", ("ours2", "per_s"), ("ours", "per_s"), at_least=1
    )
    for name in ("ours", "ours2"):
        extra = [float(str(played["extra"])) for played in bench.outcome.rounds if played["subject"] == name]
        bench.check(f"{name}: orders stored and not asked for", sum(extra) if extra else None, at_most=0)
