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
    servers = bench.start_all({"tradewind": Tradewind})
    for server in servers.values():
        server.warm_up()
    if servers:
        rate = bench.options.rate or half_load(bench, next(iter(servers.values())))
        bench.note(f"{rate:.0f} stories a second, each followed with GET and Prefer: wait=10")
        bench.each(servers, lambda server: follow(server, rate))
    for what, who in (
        ("placed to confirmed, {} ms (server)", "server"),
        ("due to confirmed as the client saw it, {} ms", "client"),
    ):
        for share, most in (("p50", 30), ("p99", 80)):
            bench.median(what.format(share), "tradewind", f"{who}_{share}_ms", at_most=most)


def half_load(bench: Bench, server: Tradewind) -> float:
    earlier = bench.earlier.get("stories")
    found = earlier.median("tradewind", "stories_per_s") if earlier else None
    return (found or whole_stories(server)["stories_per_s"]) / 2


def follow(server: Tradewind, rate: float) -> Figures:
    server.refresh()
    figures = server.arrive(rate, server.options.seconds, follow=True).figures()
    server.settle()
    return figures
