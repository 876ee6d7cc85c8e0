"""Whether intake stays as fast when a million orders lie in the store: two shops side by side, a small and a
large one, in turn.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.options import Options
from benchmarks.paths import CACHE
from benchmarks.servers.tradewind import Tradewind

SMALL = 10_000


def run(bench: Bench) -> None:
    """Both are filled by real intake, so that every table grows as it would; the large one is kept in .bench/
    for the next run.
    """
    large = bench.options.large

    def make(options: Options, folder: Path) -> Tradewind:
        return Tradewind(options, folder, CACHE / f"orders-{large}" / "data")

    servers = {
        "small": bench.start(Tradewind, "tradewind small"),
        "large": bench.start(make, "tradewind large"),
    }
    for name, server in servers.items():
        if server:
            fill(bench, server, SMALL if name == "small" else large)
    ready = {name: server for name, server in servers.items() if server}
    for server in ready.values():
        server.refresh()
        server.warm_up()
    bench.interleave({name: server.intake for name, server in ready.items()})
    for name, server in ready.items():
        bench.outcome.notes.append(
            f"{name}: {server.stored():,} orders at the end, {server.ledger.size_mb():,.0f} MB"
        )
    bench.ratio(
        f"intake at {large:,} stored orders against {SMALL:,}",
        ("large", "per_s"),
        ("small", "per_s"),
        at_least=0.9,
    )


def fill(bench: Bench, server: Tradewind, orders: int) -> None:
    while (stored := server.stored()) < orders:
        bench.say(f"filling: {stored:,} of {orders:,}")
        server.refresh()
        server.place(min(10, max(1, (orders - stored) // 8_000)))
        server.settle()
