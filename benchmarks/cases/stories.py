"""How many whole stories (placed, held, charged, confirmed, invoiced, notified) a second are kept up, against
the peer's mere intake.
"""

from __future__ import annotations

import time
from functools import partial

from benchmarks.bench import Bench, Figures, Make
from benchmarks.rpc.nodes import NestJS
from benchmarks.servers.base import Server
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    peer = partial(NestJS, backends=bench.backends)
    makes: dict[str, Make[Server]] = {"tradewind": Tradewind, "nestjs": peer}
    servers = bench.start_all(makes)
    for server in servers.values():
        server.warm_up()
    bench.each(servers, play)
    bench.ratio(
        "whole stories against the intake of NestJS",
        ("tradewind", "stories_per_s"),
        ("nestjs", "per_s"),
        at_least=1.5,
    )


def play(server: Server) -> Figures:
    return whole_stories(server) if isinstance(server, Tradewind) else server.intake()


def whole_stories(server: Tradewind) -> Figures:
    """Load for a set time, then the wait for the last story: all of both counts."""
    server.settle()
    cpu, began = server.cpu_seconds(), time.perf_counter()
    load = server.place(server.options.seconds)
    at_end = server.ledger.pending()
    took = server.wait_whole(600, every=0.03) - began
    server.account()
    counts = server.ledger.counts()
    stories = counts.orders
    figures = {
        "stories_per_s": stories / took,
        "placed_per_s": load.rate,
        "placed_p50_ms": load.p50_ms,
        "placed_p99_ms": load.p99_ms,
    }
    figures |= {
        "stories": stories,
        "confirmed": counts.confirmed,
        "open_when_load_ended": at_end,
        "seconds": took,
    }
    return figures | {
        "cpu_ms_per_story": (server.cpu_seconds() - cpu) / stories * 1000,
        "memory_mb": server.memory_mb(),
    }
