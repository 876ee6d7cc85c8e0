"""Starts the limit programs, so that they are measured like any other server."""

from __future__ import annotations

import random
import sqlite3
import sys
import uuid
from contextlib import closing

import msgspec

from benchmarks.limits import rows
from benchmarks.orders import Orders
from benchmarks.processes import Process, free_port, wait_ok
from benchmarks.servers.base import Server
from benchmarks.servers.durability import of_sqlite


class Limit(Server):
    module = ""

    def start(self) -> None:
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        argv = [
            sys.executable,
            "-m",
            f"benchmarks.limits.{self.module}",
            "--db",
            str(self.database),
            "--port",
            str(self.port),
        ]
        process = Process(argv, log=self.folder / f"{self.module}.log", cores=self.options.server_cores)
        self.processes.append(process)
        wait_ok(process, self.port, "/health/live")

    @property
    def database(self) -> str:
        return str(self.folder / "limit.db")

    def durability(self) -> str:
        with closing(rows.connect(self.database)) as connection:
            return of_sqlite(connection)

    def stored(self) -> int:
        reader = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return int(reader.execute("SELECT count(*) FROM orders").fetchone()[0])
        finally:
            reader.close()


class IntakeLimit(Limit):
    module = "intake_limit"

    def start(self) -> None:
        products, callers = [str(uuid.uuid4()) for _ in range(50)], [str(uuid.uuid4()) for _ in range(16)]
        self.orders = Orders("/api/v1/orders", "Idempotency-Key", bodies(products), callers)
        super().start()


class ReadLimit(Limit):
    module = "read_limit"

    def fill(self, count: int) -> list[str]:
        return rows.fill(self.database, count)


def bodies(products: list[str], count: int = 97, seed: int = 7) -> list[str]:
    """Orders of two lines as API v1 takes them."""
    pick, made = random.Random(seed), []
    for _ in range(count):
        one, other = pick.sample(products, 2)
        asked = {
            "items": [{"productId": one, "quantity": 2}, {"productId": other, "quantity": 1}],
            "payment": {"token": "tok_ok"},
        }
        made.append(msgspec.json.encode(asked).decode())
    return made
