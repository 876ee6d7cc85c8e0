"""What a story costs in CPU when orders come one by one (200 a second) and no batch can share the work."""

from __future__ import annotations

import time

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind

RATE = 200


def run(bench: Bench) -> None:
    servers = bench.start_all({"tradewind": Tradewind})
    for server in servers.values():
        server.arrive(RATE, 2, follow=False)
        server.settle()
    bench.each(servers, trickle)
    bench.median("CPU per story at 200 stories/s, ms", "tradewind", "cpu_ms_per_story", at_most=1.5)


def trickle(server: Tradewind) -> Figures:
    """All CPU of the server over the interval, its idle share too, divided by the stories; they are only
    placed, nobody reads meanwhile.
    """
    server.refresh()
    server.settle()
    idle = server.cpu_seconds()
    time.sleep(1)
    cpu, began = server.cpu_seconds(), time.perf_counter()
    found = server.arrive(server.options.rate or RATE, max(server.options.seconds, 3), follow=False)
    time.sleep(0.2)
    spent, took = server.cpu_seconds() - cpu, time.perf_counter() - began
    server.wait_whole(60)
    server.account()
    stories = server.ledger.counts().orders
    figures = {
        "cpu_ms_per_story": spent / stories * 1000,
        "cores": spent / took,
        "idle_cores": cpu - idle,
        "stories": stories,
    }
    return figures | {name: value for name, value in found.figures().items() if name.startswith("accepted")}
