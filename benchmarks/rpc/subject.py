"""What is measured of each system, alike: rate, latency, rows, CPU by part, memory by process."""

from __future__ import annotations

import asyncio
import os
import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from benchmarks.bench import Figures
from benchmarks.client import Client
from benchmarks.load import Load, wrk
from benchmarks.options import Options
from benchmarks.orders import Orders
from benchmarks.processes import Failed, Tree, memory_of, rss_of
from benchmarks.servers import published
from benchmarks.servers.backends import Backends, Database, Host
from benchmarks.servers.base import Server

QUIET_S, LOOK_S, IDLE = 20.0, 0.25, 0.15  # of one core

TRIES = 24
# four in the ten seconds that a breaker looks at: a gateway that is up before its services must not lock us
# out
BETWEEN_S = 2.5


class Subject(Server):
    """A subclass starts `processes`, and says which of them, or of their children, has which `role`."""

    name = ""
    table = 'order_schema."order"'
    database: Database
    host: Host

    def __init__(self, options: Options, folder: Path, backends: Backends) -> None:
        super().__init__(options, folder)
        self.backends = backends
        self.orders = Orders("/api/orders", "X-Idempotency-Key", bodies())
        self.not_201 = 0

    def roles(self) -> dict[str, int]:
        """The process of each role."""
        raise NotImplementedError

    def own(self, schema: Path | None = None) -> None:
        """Gets its database and its virtual host. Errors: Missing."""
        self.backends.start()
        self.database = self.backends.new_database(self.name, schema)
        self.host = self.backends.new_host(self.name)

    def stored(self) -> int:
        return self.database.count(self.table)

    def durability(self) -> str:
        """Of its database and queues, and of what is published for one order."""
        kept = self.backends.durability(self.database, self.host)
        one = partial(self.place_many, 1)
        return f"{kept}, {published.seen(self.host.url, self.host.name, self.backends.control, one)}"

    def prove(self) -> None:
        """An order can be placed and read, and the same key again is the same order. Errors: Failed."""
        uvloop.run(self._prove())

    async def _prove(self) -> None:
        async with Client(self.port) as client:
            first = await self.orders.place(client, "proof", 1)
            for _ in range(TRIES):
                if first.status != 503:
                    break
                await asyncio.sleep(BETWEEN_S)
                first = await self.orders.place(client, "proof", 1)
            again = await self.orders.place(client, "proof", 1)
            if first.status != 201:
                raise Failed(
                    f"{self.folder.name}: POST /api/orders answered {first.status}: "
                    f"{first.body[:300].decode(errors='replace')}"
                )
            made = first.json()["data"]
            assert isinstance(made, dict)
            told = again.json()["data"]
            if again.status != 201 or not isinstance(told, dict) or told["id"] != made["id"]:
                raise Failed(
                    f"{self.folder.name}: the same key again is another order: "
                    f"{again.body[:300].decode(errors='replace')}"
                )
            read = await client.request("GET", f"/api/orders/{made['id']}")
            if read.status != 200:
                raise Failed(
                    f"{self.folder.name}: GET /api/orders/:id answered {read.status}: "
                    f"{read.body[:300].decode(errors='replace')}"
                )

    def place(self, seconds: float, connections: int | None = None, port: int = 0) -> Load:
        """Refused orders are counted, not thrown: a figure beside the others. `port`: not its own."""
        env = self.orders.environment(self.folder / "load")
        many = connections or self.options.connections
        load = wrk(
            "place",
            port or self.port,
            env,
            seconds=seconds,
            connections=many,
            cores=self.options.client_cores,
        )
        self.accepted += load.requests - load.refused
        return load

    def settle(self) -> None:
        """Until it rests: what it does after the answer (an outbox, say) counts as its own work, not as the
        next one's. Errors: Failed, as `account`.
        """
        until, before = time.monotonic() + QUIET_S, self.cpu_seconds()
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            now = self.cpu_seconds()
            if now - before < IDLE * LOOK_S:
                break
            before = now
        self.account()

    def warm_up(self, play: Callable[[float], Load] | None = None) -> None:
        """With every status counted, which costs the load generator too much for a round."""
        counted = partial(self._counted, play or self.place)
        super().warm_up(counted)

    def _counted(self, play: Callable[[float], Load], seconds: float) -> Load:
        os.environ["COUNT_STATUS"] = "1"
        try:
            load = play(seconds)
        finally:
            del os.environ["COUNT_STATUS"]
        self.not_201 += load.other
        return load

    def round(self, play: Callable[[float], Load]) -> tuple[Load, Figures]:
        """One play, with the CPU of everything that took part."""
        self.settle()
        busy, mine, theirs = os.getloadavg()[0], self.cpu_by_role(), self.backends.cpu_seconds()
        whole = self.cpu_seconds()
        load = play(self.options.seconds)
        self.settle()
        per = 1000 / max(1, load.requests)
        figures = load.figures() | {"app_cpu_s_per_1000": (self.cpu_seconds() - whole) * per}
        figures |= {
            f"{role}_cpu_s_per_1000": (spent - mine.get(role, 0.0)) * per
            for role, spent in self.cpu_by_role().items()
        }
        figures |= {
            f"{name}_cpu_s_per_1000": (spent - theirs[name]) * per
            for name, spent in self.backends.cpu_seconds().items()
        }
        return load, figures | self.memory() | {"load_before": busy}

    def post(self, port: int = 0) -> Figures:
        """`port`: see `place`. `extra`: in the table, though never asked for (past those in flight). Errors:
        Failed where an order was answered with 201 and is not in the table.
        """
        stored = self.stored()
        load, figures = self.round(partial(self.place, port=port))
        rows, accepted = self.stored() - stored, load.requests - load.refused
        return figures | {
            "rows": rows,
            "extra": max(0, rows - accepted - self.options.connections - load.broken),
        }

    def get(self, reads: Path) -> Figures:
        return self.round(partial(self.read, reads))[1]

    def cpu_by_role(self) -> dict[str, float]:
        return {role: Tree(pid).cpu_seconds() for role, pid in self.roles().items()}

    def memory(self) -> Figures:
        """Of the processes that have a role: resident with shared pages (rss), and with those divided by who
        shares them (pss).
        """
        roles = self.roles()
        return {
            "rss_mb": sum(map(rss_of, roles.values())) / 1024,
            "pss_mb": sum(map(memory_of, roles.values())) / 1024,
        }

    def more(self) -> dict[str, float]:
        """What is worth telling of this one alone."""
        return {}

    def memory_by_role(self) -> dict[str, Figures]:
        return {
            role: {"rss_mb": rss_of(pid) / 1024, "pss_mb": memory_of(pid) / 1024}
            for role, pid in self.roles().items()
        }


def bodies(count: int = 97, seed: int = 7) -> list[str]:
    """Orders of two lines, as its page publishes them: the client names the prices."""
    pick = random.Random(seed)
    products = [str(uuid.UUID(int=pick.getrandbits(128), version=4)) for _ in range(50)]
    made = []
    for _ in range(count):
        one, other = pick.sample(products, 2)
        items = [
            {"productId": one, "quantity": 2, "price": 29.99},
            {"productId": other, "quantity": 1, "price": 9.99},
        ]
        made.append(msgspec.json.encode({"items": items, "total": 69.97}).decode())
    return made
