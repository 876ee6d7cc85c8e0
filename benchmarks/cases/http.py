"""What an HTTP server costs on the whole path of API v1: our own, uvicorn and granian under the same program,
in turn. Rates depend on what else the machine does, CPU time a request does less.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.bench import Bench, Figures
from benchmarks.cases.reads import prepare, reader
from benchmarks.servers.http import Granian, Own, PlainUvicorn, Uvicorn

WORTH = 1.1
"""Below this our own server is not worth its lines any more: decision 0034."""
COMPARED = {"CPU of an order": "order_cpu_ms", "CPU of a read": "read_cpu_ms", "memory": "rss_mb"}


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
    plain, own = (PlainUvicorn.name, "read_cpu_ms"), (Own.name, "read_cpu_ms")
    bench.ratio("CPU of a read, plain uvicorn against own", plain, own, at_least=WORTH)
    for name in plays:
        compared = [f"{what} {ratio(bench, name, figure)}" for what, figure in COMPARED.items()]
        bench.outcome.notes.append(f"{name}, × own: {', '.join(compared)}")


def ratio(bench: Bench, name: str, figure: str) -> str:
    one, own = bench.outcome.median(name, figure), bench.outcome.median(Own.name, figure)
    return f"{one / own:.2f}" if one is not None and own else "-"


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
