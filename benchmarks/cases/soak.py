"""Whether memory stays flat over many minutes of steady load: a leak of a few bytes per order shows only
here.
"""

from __future__ import annotations

import statistics
import time

from benchmarks.bench import Bench
from benchmarks.servers.tradewind import Tradewind

RATE = 500
STEP_S = 5
FLAT = 1.05


def run(bench: Bench) -> None:
    """--minutes and --rate (500/s) set it; the last quarter's median memory is judged against the second
    quarter's.
    """
    server, growth = bench.start(Tradewind, "tradewind"), None
    if server:
        server.settle()
        end, number = time.monotonic() + bench.options.minutes * 60, 0
        while time.monotonic() < end:
            number += 1
            server.refresh()
            found = server.arrive(bench.options.rate or RATE, STEP_S, follow=False).figures()
            pending = server.ledger.pending()
            steady = {name: found[name] for name in ("placed_per_s", "accepted_p50_ms", "accepted_p99_ms")}
            bench.record("tradewind", number, {"rss_mb": server.rss_mb(), "pending": pending, **steady})
        server.settle()
        series = [float(str(played["rss_mb"])) for played in bench.outcome.rounds]
        quarter = len(series) // 4
        if quarter:
            growth = statistics.median(series[-quarter:]) / statistics.median(series[quarter : 2 * quarter])
        bench.settle_medians()
        bench.note(
            f"{server.stored():,} orders; {series[0]:.0f} MB at the first look, {series[-1]:.0f} at the last"
        )
    bench.check("memory of the last quarter against the second", growth, at_most=FLAT)
    most = max((float(str(played["rss_mb"])) for played in bench.outcome.rounds), default=None)
    bench.check("most MB at any time", most, at_most=150)
