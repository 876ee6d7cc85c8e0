"""How long an order takes from placed to confirmed while the shop is half busy: orders arrive at a set rate,
each is followed.
"""

from __future__ import annotations

from benchmarks.bench import Bench, Figures
from benchmarks.cases.stories import whole_stories
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    """The rate is half of the stories a second of this run (measured here where `stories` did not run
    before), or --rate.
    """
    server = bench.start(Tradewind, "tradewind")
    if server:
        server.warm_up()
        rate = bench.options.rate or half_load(bench, server)
        bench.outcome.notes.append(f"{rate:.0f} stories a second, each followed with GET and Prefer: wait=10")
        bench.interleave({"tradewind": lambda: follow(server, rate)})
    bench.check(
        "placed to confirmed, p50 ms (server)", bench.outcome.median("tradewind", "server_p50_ms"), at_most=30
    )
    bench.check(
        "placed to confirmed, p99 ms (server)", bench.outcome.median("tradewind", "server_p99_ms"), at_most=80
    )
    bench.check(
        "due to confirmed as the client saw it, p50 ms",
        bench.outcome.median("tradewind", "client_p50_ms"),
        at_most=30,
    )
    bench.check(
        "due to confirmed as the client saw it, p99 ms",
        bench.outcome.median("tradewind", "client_p99_ms"),
        at_most=80,
    )


def half_load(bench: Bench, server: Tradewind) -> float:
    earlier = bench.earlier.get("stories")
    found = earlier.median("tradewind", "stories_per_s") if earlier else None
    return (found or whole_stories(server)["stories_per_s"]) / 2


def follow(server: Tradewind, rate: float) -> Figures:
    server.refresh()
    figures = server.arrive(rate, server.options.seconds, follow=True).figures()
    server.settle()
    return figures
