"""Open-loop load: orders arrive at a set rate whether or not the server keeps up, so that a slow answer
cannot hide the next one.

Each story's time is taken twice: by the client, from the moment the order was due to the final status, and by
the server, from the order's `createdAt` to its `updatedAt`.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import uvloop

from benchmarks.client import Client
from benchmarks.orders import Orders, order_id, run_id


@dataclass
class Stories:
    accepted_ms: list[float] = field(default_factory=list)
    client_ms: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    seconds: float = 0

    def figures(self) -> dict[str, float]:
        found = {
            "stories": float(sum(self.outcomes.values())),
            "confirmed": float(self.outcomes["CONFIRMED"]),
        }
        found["placed_per_s"] = len(self.accepted_ms) / self.seconds
        for name, times in (
            ("accepted", self.accepted_ms),
            ("client", self.client_ms),
            ("server", self.server_ms),
            ("late", self.late_ms),
        ):
            if times:
                found[f"{name}_p50_ms"] = percentile(times, 50)
                found[f"{name}_p99_ms"] = percentile(times, 99)
        return found


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def run(orders: Orders, port: int, *, rate: float, seconds: float, follow: bool) -> Stories:
    """`follow` waits for each story's end; without it orders are only placed."""
    return uvloop.run(_run(orders, port, rate, seconds, follow))


async def _run(orders: Orders, port: int, rate: float, seconds: float, follow: bool) -> Stories:
    found, name, clock = Stories(), run_id(), time.perf_counter
    gc.freeze()

    async def story(number: int, due: float) -> None:
        found.late_ms.append((clock() - due) * 1000)
        try:
            reply = await orders.place(client, name, number)
            found.accepted_ms.append((clock() - due) * 1000)
            if reply.status != 201:
                found.outcomes[f"HTTP {reply.status}"] += 1
                return
            found.accepted += 1
            if not follow:
                found.outcomes["placed"] += 1
                return
            path = f"{orders.path}/{order_id(reply)}"
            order = (
                await client.request("GET", path, headers=orders.caller(number) | {"Prefer": "wait=10"})
            ).json()
        except (OSError, TimeoutError) as error:
            found.outcomes[type(error).__name__] += 1
            return
        found.outcomes[str(order.get("status"))] += 1
        if order.get("status") == "CONFIRMED":
            found.client_ms.append((clock() - due) * 1000)
            took = datetime.fromisoformat(str(order["updatedAt"])) - datetime.fromisoformat(
                str(order["createdAt"])
            )
            found.server_ms.append(took.total_seconds() * 1000)

    async with Client(port) as client:
        await asyncio.gather(*(client.request("GET", "/health/live") for _ in range(64)))
        began, number = clock() + 0.05, 0
        async with asyncio.TaskGroup() as tasks:
            while number < rate * seconds:
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - clock()))
                tasks.create_task(story(number, due))
                number += 1
            found.seconds = clock() - began
    gc.unfreeze()
    return found
