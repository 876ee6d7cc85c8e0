"""How much memory the server holds after many orders: what is kept per order must lie in the store."""

from __future__ import annotations

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    orders = bench.options.orders
    server = bench.start(Tradewind, "tradewind")
    if server:
        bench.record("tradewind started", 1, {"rss_mb": server.rss_mb(), "orders": 0})
        bench.record("tradewind", 1, fill(server, orders))
        bench.settle_medians()
    bench.check(f"MB after {orders:,} orders", bench.outcome.median("tradewind", "rss_mb"), at_most=150)


def fill(server: Tradewind, orders: int) -> Figures:
    while (left := orders - server.stored()) > 0:
        server.refresh()
        server.place(min(5, max(1, left // 10_000)))
        server.settle()
    figures = {"rss_mb": server.rss_mb(), "most_mb": server.rss_mb("VmHWM")}
    return figures | {"orders": server.stored(), "store_mb": server.ledger.size_mb()}
