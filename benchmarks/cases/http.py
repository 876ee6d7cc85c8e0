"""What an HTTP server costs on the whole path of API v1: our own, uvicorn and granian under the same program,
in turn. Rates depend on what else the machine does, CPU time a request does less.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.bench import Bench, Figures
from benchmarks.cases.reads import prepare, reader
from benchmarks.servers.http import Granian, Own, PlainUvicorn, Uvicorn

ANSWERS = ("own", "uvicorn", "uvicorn-plain", "granian")


def run(bench: Bench) -> None:
    """A round is orders, then reads of orders by their owner."""
    plays = {}
    for name, server in bench.start_all(
        {make.name: make for make in (Own, Uvicorn, PlainUvicorn, Granian)}
    ).items():
        reads = bench.folder / f"{name}.reads"
        reads.write_text("\n".join(prepare(server)))
        server.settle()
        server.warm_up()
        server.warm_up(partial(server.read, reads))
        plays[name] = partial(played, server, reader(server, reads))
    bench.interleave(plays)
    for name in ANSWERS[1:]:
        for what, figure in (("an order", "order_cpu_ms"), ("a read", "read_cpu_ms")):
            bench.ratio(f"CPU of {what}, {name} against own", (name, figure), ("own", figure), at_least=0)
        bench.ratio(f"memory, {name} against own", (name, "rss_mb"), ("own", "rss_mb"), at_least=0)


def played(server: Own, read: Callable[[], Figures]) -> Figures:
    placed = server.intake()
    seen = read()
    return {
        "orders_per_s": placed["per_s"],
        "order_cpu_ms": placed["cpu_s_per_1000"],
        "order_p99_ms": placed["p99_ms"],
        "reads_per_s": seen["per_s"],
        "read_cpu_ms": seen["cpu_s_per_1000"],
        "read_p99_ms": seen["p99_ms"],
        "rss_mb": server.rss_mb(),
    }
