"""How soon `tradewind up` is ready on data that is already there: a restart is a pause for every customer."""

from __future__ import annotations

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind

ORDERS = 10_000


def run(bench: Bench) -> None:
    servers = bench.start_all({"tradewind": Tradewind})
    for name, server in servers.items():
        server.place_many(ORDERS)
        server.settle()
        server.stop()
        bench.note(f"{name}: {server.stored():,} orders in the store, {server.ledger.size_mb():.0f} MB")
        again(server)  # the warm-up: the first start may write byte code
    bench.each(servers, again, rounds=max(5, bench.options.rounds))
    bench.median("seconds from exec to ready on existing data", "tradewind", "ready_s", at_most=1)


def again(server: Tradewind) -> Figures:
    ready = server.up()
    figures = {"ready_s": ready, "rss_mb": server.rss_mb()}
    server.stop()
    return figures
