"""How soon a shop is back after kill -9 with thousands of stories half told, and how soon all of them have
their end.
"""

from __future__ import annotations

import contextlib
import threading
import time

from benchmarks.bench import Bench, Figures
from benchmarks.processes import Failed
from benchmarks.servers.tradewind import Tradewind

LOAD_S = 20.0


def run(bench: Bench) -> None:
    """Ends with the audit: what was accepted before the kill is whole, and nothing happened twice."""
    server, wanted, reached = bench.start(Tradewind, "tradewind"), bench.options.unfinished, 0.0
    if server:
        server.warm_up()
        bench.interleave({"tradewind": lambda: kill_and_return(server, wanted)})
        reached = bench.outcome.median("tradewind", "unfinished_at_kill") or 0
        if reached < wanted:
            bench.note(f"only {reached:,.0f} stories were open at the kill, of {wanted:,} wanted")
    bench.check(
        f"seconds to ready after kill -9 with {reached:,.0f} open stories",
        bench.outcome.median("tradewind", "ready_s"),
        at_most=3,
    )
    bench.check(
        "seconds until all stories are final", bench.outcome.median("tradewind", "all_final_s"), at_most=60
    )
    if server:
        server.stop()
        bench.note(server.audit())


def kill_and_return(server: Tradewind, wanted: int) -> Figures:
    server.refresh()
    server.settle()
    unfinished = kill_under_load(server, wanted)
    began = time.perf_counter()
    ready = server.up()
    final = server.wait_whole(300) - began
    server.account()
    return {
        "unfinished_at_kill": unfinished,
        "ready_s": ready,
        "all_final_s": final,
        "orders": server.stored(),
        "rss_mb": server.rss_mb(),
    }


def kill_under_load(server: Tradewind, wanted: int) -> int:
    """Full load from many connections until that many are open (or for LOAD_S), then SIGKILL in the midst of
    it.
    """

    def load() -> None:
        with contextlib.suppress(Failed):  # the server is killed under it: broken answers are the point
            server.place(LOAD_S, connections=256)

    loader = threading.Thread(target=load)
    loader.start()
    end = time.monotonic() + LOAD_S - 1
    while time.monotonic() < end and server.ledger.pending() < wanted:
        time.sleep(0.02)
    server.kill()
    unfinished = server.ledger.pending()
    loader.join()
    return unfinished
