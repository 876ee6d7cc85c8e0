"""What a benchmark may ask of any server, so that intake and reads are measured by one piece of code for
all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import openloop
from benchmarks.load import Load, wrk
from benchmarks.options import Options
from benchmarks.orders import Orders
from benchmarks.processes import Failed, Tree

WARM_UP_AT_MOST_S = 90


class Server:
    """A subclass starts `processes`, sets `port` and `orders`, and counts what it stored."""

    versioned = False
    """Whether it is a part of this repository."""
    warm_up_s: float = 3
    warm_up_requests = 5_000

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.processes: list[Tree] = []
        self.port = 0
        self.accepted = self.counted = 0
        self.orders = Orders("/api/v1/orders", "Idempotency-Key", ())

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        while self.processes:
            self.processes.pop().stop()

    def prove(self) -> None:
        """That it does what is measured. Errors: Failed."""

    def stored(self) -> int:
        """How many orders lie in the store."""
        raise NotImplementedError

    def durability(self) -> str:
        """What its store promises of a commit, read back from it; nothing where nothing is read."""
        return ""

    def settle(self) -> None:
        """Returns when the server has nothing left to do. Errors: Failed, as `account`."""
        self.account()

    def account(self) -> None:
        """Failed where an order that was accepted is not in the store. Later orders count from here on."""
        stored = self.stored()
        if (kept := stored - self.counted) < self.accepted:
            raise Failed(f"{self.folder.name}: {self.accepted} orders were accepted, {kept} are in the store")
        self.counted, self.accepted = stored, 0

    def cpu_seconds(self) -> float:
        return sum(process.cpu_seconds() for process in self.processes)

    def memory_mb(self) -> float:
        return sum(process.memory_mb() for process in self.processes)

    def place(self, seconds: float, connections: int | None = None) -> Load:
        """Orders in a closed loop. Refused orders are an error: a fast no is not a fast yes."""
        env = self.orders.environment(self.folder / "load")
        many = connections or self.options.connections
        load = wrk(
            "place", self.port, env, seconds=seconds, connections=many, cores=self.options.client_cores
        )
        self.accepted += load.requests - load.refused
        if load.refused + load.broken > load.requests * 0.001:
            raise Failed(
                f"{load.refused} of {load.requests} orders refused, {load.broken} broken: {self.folder.name}"
            )
        return load

    def place_many(self, count: int) -> list[tuple[str, str]]:
        """As Orders.place_many."""
        placed = self.orders.place_many(self.port, count)
        self.accepted += count
        return placed

    def arrive(self, rate: float, seconds: float, *, follow: bool) -> openloop.Stories:
        """Orders in an open loop."""
        found = openloop.run(self.orders, self.port, rate=rate, seconds=seconds, follow=follow)
        self.accepted += found.accepted
        return found

    def read(self, reads: Path, seconds: float) -> Load:
        env = {"READS": str(reads)}
        return wrk(
            "read",
            self.port,
            env,
            seconds=seconds,
            connections=self.options.connections,
            cores=self.options.client_cores,
        )

    def warm_up(self, play: Callable[[float], Load] | None = None) -> None:
        """For its time and for its requests, whichever takes longer: on a busy machine the time alone leaves
        a compiler cold.
        """
        play, chosen, began = play or self.place, self.options.warm_up, time.monotonic()
        done = play(self.warm_up_s if chosen is None else chosen).requests
        while (
            chosen is None and done < self.warm_up_requests and time.monotonic() < began + WARM_UP_AT_MOST_S
        ):
            done += play(3).requests
        self.settle()

    def intake(self) -> dict[str, float]:
        """One round of orders, with the rows counted and the CPU of every process that took part."""
        stored, cpu = self.stored(), self.cpu_seconds()
        load = self.place(self.options.seconds)
        self.settle()
        figures = {"stored_before": float(stored)} | load.figures() | {"memory_mb": self.memory_mb()}
        figures["cpu_s_per_1000"] = (self.cpu_seconds() - cpu) / load.requests * 1000
        figures["stored_per_request"] = (self.stored() - stored) / load.requests
        return figures
