"""How much memory the server holds after many orders: what is kept per order must lie in the store."""

from __future__ import annotations

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    orders = bench.options.orders
    for name, server in bench.start_all({"tradewind": Tradewind}).items():
        bench.record(f"{name} started", 1, {"rss_mb": server.rss_mb(), "orders": 0})
        bench.record(name, 1, fill(server, orders))
    bench.settle_medians()
    bench.median(f"MB after {orders:,} orders", "tradewind", "rss_mb", at_most=150)


def fill(server: Tradewind, orders: int) -> Figures:
    while (left := orders - server.stored()) > 0:
        server.refresh()
        server.place(min(5, max(1, left // 10_000)))
        server.settle()
    figures = {"rss_mb": server.rss_mb(), "most_mb": server.rss_mb("VmHWM")}
    return figures | {"orders": server.stored(), "store_mb": server.ledger.size_mb()}
