"""Whether orders are taken evenly while thousands of stories wait, and whether those stories go on meanwhile:
a rush must neither stall the caller nor stop what was accepted before it.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.bench import Bench, Figures
from benchmarks.servers.tradewind import Tradewind

WAITING = 5_000
EDGE_S = 0.5
"""Left out at both ends of the load, where it starts and stops."""


def run(bench: Bench) -> None:
    servers = bench.start_all({"tradewind": Tradewind})
    for server in servers.values():
        server.warm_up()
    bench.each(servers, beside)
    bench.median("p99 of intake beside a backlog against its median", "tradewind", "p99_to_p50", at_most=3)
    bench.median(
        "stories beside full intake against stories alone", "tradewind", "stories_share", at_least=0.3
    )


def beside(server: Tradewind) -> Figures:
    """A backlog, then full intake beside it, then the stories alone. Half of a story's work lies before its
    confirmation, half in its papers and two notifications: its share is the mean of both.
    """
    server.refresh()
    server.settle()
    while server.ledger.pending() < WAITING:
        server.place(1)
    cpu = server.cpu_seconds()
    with ThreadPoolExecutor(1) as caller:
        load = caller.submit(server.place, server.options.seconds)
        time.sleep(EDGE_S)
        waiting = server.ledger.pending()
        beside_intake = pace(server, max(1.0, server.options.seconds - 2 * EDGE_S))
        placed = load.result()
    alone = pace(server)
    server.account()
    shares = [one / max(other, 1) for one, other in zip(beside_intake, alone, strict=True)]
    return {
        "per_s": placed.rate,
        "p50_ms": placed.p50_ms,
        "p99_ms": placed.p99_ms,
        "p99_to_p50": placed.p99_ms / placed.p50_ms,
        "stories_share": sum(shares) / 2,
        "confirmed_share": shares[0],
        "told_share": shares[1],
        "confirmed_beside_per_s": beside_intake[0],
        "told_beside_per_s": beside_intake[1],
        "confirmed_alone_per_s": alone[0],
        "told_alone_per_s": alone[1],
        "waiting": waiting,
        "cpu_s_per_1000": (server.cpu_seconds() - cpu) / placed.requests * 1000,
    }


def pace(server: Tradewind, seconds: float = 0) -> tuple[float, float]:
    """Confirmations and whole pairs of notifications a second: over so many seconds, or until all is done."""
    before, began = server.ledger.progress(), time.perf_counter()
    if seconds:
        time.sleep(seconds)
        after, took = server.ledger.progress(), time.perf_counter() - began
    else:
        took = server.wait_whole(600, every=0.05) - began
        after = server.ledger.progress()
    return (after[0] - before[0]) / took, (after[1] - before[1]) / 2 / took
