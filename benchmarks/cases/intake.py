"""How many orders a second are accepted for good: Tradewind, the barest program that does as much, and the
NestJS peer, in turn.
"""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench, Make
from benchmarks.rpc.nodes import NestJS
from benchmarks.servers.base import Server
from benchmarks.servers.limits import IntakeLimit
from benchmarks.servers.tradewind import Tradewind


def run(bench: Bench) -> None:
    """Stories go on while orders come in; the backlog of a round is done before the next server's round
    begins.
    """
    makes: dict[str, Make[Server]] = {
        "tradewind": Tradewind,
        "limit": IntakeLimit,
        "nestjs": partial(NestJS, backends=bench.backends),
    }
    servers = bench.start_all(makes)
    for server in servers.values():
        server.warm_up()
    bench.each(servers, Server.intake)
    bench.ratio("intake against NestJS", ("tradewind", "per_s"), ("nestjs", "per_s"), at_least=4)
    bench.ratio("intake against the limit program", ("tradewind", "per_s"), ("limit", "per_s"), at_least=0.5)
