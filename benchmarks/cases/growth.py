"""Whether intake stays as fast when a million orders lie in the store: two shops side by side, a small and a
large one, in turn.
"""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.paths import CACHE
from benchmarks.servers.tradewind import Tradewind

SMALL = 10_000


def run(bench: Bench) -> None:
    """Both are filled by real intake, so that every table grows as it would; the large one is kept in .bench/
    for the next run.
    """
    large = bench.options.large

    # a pair may not share it
    kept = Tradewind if bench.options.twin else partial(Tradewind, data=CACHE / f"orders-{large}" / "data")
    servers = bench.start_all({"small": Tradewind, "large": kept})
    for name, server in servers.items():
        fill(bench, server, SMALL if name.startswith("small") else large)
    for server in servers.values():
        server.refresh()
        server.warm_up()
    bench.each(servers, Tradewind.intake)
    for name, server in servers.items():
        bench.note(f"{name}: {server.stored():,} orders at the end, {server.ledger.size_mb():,.0f} MB")
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
