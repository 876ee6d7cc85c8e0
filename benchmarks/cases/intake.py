"""How many orders a second are accepted for good: Tradewind, the barest program that does as much, and the
NestJS peer, in turn.
"""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.servers.base import Server
from benchmarks.servers.limits import IntakeLimit
from benchmarks.servers.nestjs import NestJS
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    """Stories go on while orders come in; the backlog of a round is done before the next server's round
    begins.
    """
    if bench.options.against_itself:
        against_itself(bench)
        return
    started: dict[str, Server | None] = {
        "tradewind": bench.start(Tradewind, "tradewind"),
        "limit": bench.start(IntakeLimit, "limit"),
        "nestjs": bench.start(NestJS, "nestjs"),
    }
    servers = {name: server for name, server in started.items() if server is not None}
    for server in servers.values():
        server.warm_up()
    bench.interleave({name: server.intake for name, server in servers.items()})
    bench.ratio("intake against NestJS", ("tradewind", "per_s"), ("nestjs", "per_s"), at_least=4)
    bench.ratio("intake against the limit program", ("tradewind", "per_s"), ("limit", "per_s"), at_least=0.5)


def against_itself(bench: Bench) -> None:
    one, other = bench.start(Tradewind, "tradewind"), bench.start(Tradewind, "tradewind again")
    if one and other:
        one.warm_up()
        other.warm_up()
        bench.interleave({"tradewind": one.intake, "again": other.intake})
    bench.same("tradewind", "again")
