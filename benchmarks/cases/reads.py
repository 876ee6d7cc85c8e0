"""How many orders a second can be read by id, out of the same number of rows: Tradewind, the barest reader,
and the NestJS peer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench, Figures, Make
from benchmarks.rpc.nodes import NestJS
from benchmarks.servers.base import Server
from benchmarks.servers.limits import ReadLimit
from benchmarks.servers.tradewind import Tradewind

ROWS = 10_000


def run(bench: Bench) -> None:
    """Every order is read by its owner: the access rule is part of the work where there is one."""
    makes: dict[str, Make[Server]] = {
        "tradewind": Tradewind,
        "limit": ReadLimit,
        "nestjs": partial(NestJS, backends=bench.backends),
    }
    servers = bench.start_all(makes)
    plays: dict[str, Callable[[], Figures]] = {}
    for name, server in servers.items():
        reads = bench.folder / f"{name}.reads"
        reads.write_text("\n".join(prepare(server)))
        server.settle()
        plays[name] = reader(server, reads)
        server.warm_up(partial(server.read, reads))
    bench.interleave(plays)
    bench.ratio("GET of an order against NestJS", ("tradewind", "per_s"), ("nestjs", "per_s"), at_least=4)
    bench.ratio(
        "GET of an order against the barest reader", ("tradewind", "per_s"), ("limit", "per_s"), at_least=0.5
    )


def prepare(server: Server) -> list[str]:
    if isinstance(server, ReadLimit):
        return [f"/api/v1/orders/{number}" for number in server.fill(ROWS)]
    placed = server.place_many(ROWS)
    return [f"{server.orders.path}/{number} {token}".strip() for number, token in placed]


def reader(server: Server, reads: Path) -> Callable[[], Figures]:
    def play() -> Figures:
        cpu = server.cpu_seconds()
        load = server.read(reads, server.options.seconds)
        cost = (server.cpu_seconds() - cpu) / load.requests * 1000
        return load.figures() | {"cpu_s_per_1000": cost, "memory_mb": server.memory_mb()}

    return play
