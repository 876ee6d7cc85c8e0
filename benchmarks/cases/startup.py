"""How soon `tradewind up` is ready on data that is already there: a restart is a pause for every customer."""

from __future__ import annotations

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind

ORDERS = 10_000


def run(bench: Bench) -> None:
    server = bench.start(Tradewind, "tradewind")
    if server:
        server.place_many(ORDERS)
        server.settle()
        server.stop()
        bench.outcome.notes.append(
            f"{server.stored():,} orders in the store, {server.ledger.size_mb():.0f} MB"
        )
        again(server)  # the warm-up: the first start may write byte code
        bench.interleave({"tradewind": lambda: again(server)}, rounds=max(5, bench.options.rounds))
    bench.check(
        "seconds from exec to ready on existing data", bench.outcome.median("tradewind", "ready_s"), at_most=1
    )


def again(server: Tradewind) -> Figures:
    ready = server.up()
    figures = {"ready_s": ready, "rss_mb": server.rss_mb()}
    server.stop()
    return figures
