"""Tradewind as a user starts it: `tradewind up` on a data folder, all services, SQLite with synchronous=FULL,
everything on.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import closing
from pathlib import Path

from benchmarks.options import Options
from benchmarks.orders import Orders
from benchmarks.processes import Failed, Process, clean_environment, commands, free_port, tradewind, wait_ok
from benchmarks.servers.base import Server
from benchmarks.servers.durability import of_sqlite
from benchmarks.servers.ledger import Ledger
from benchmarks.servers.limits import bodies
from benchmarks.servers.shop import ADMIN, PASSWORD, Shop, get, log_in_again, open_shop
from tradewind.drivers.sqlite.store import connect


class Tradewind(Server):
    versioned = True

    def __init__(self, options: Options, folder: Path, data: Path | None = None) -> None:
        super().__init__(options, folder)
        self.data = data or folder / "data"
        self.ledger = Ledger(self.data)
        self.shop: Shop | None = None
        self.logged_in = 0.0

    def start(self) -> None:
        self.up()
        self.open()

    def up(self) -> float:
        """Starts it; gives the seconds from exec to the first 200 on /health/ready."""
        self.port = free_port()
        argv = [*self.command(), "up", "--data", str(self.data), "--port", str(self.port)]
        env = {
            "TRADEWIND_RATE_LIMIT": "0",
            "TRADEWIND_ADMIN_EMAIL": ADMIN,
            "TRADEWIND_ADMIN_PASSWORD": self.password(),
        }
        began = time.perf_counter()
        process = Process(argv, log=self.folder / "tradewind.log", env=env, cores=self.options.server_cores)
        self.processes.append(process)
        return wait_ok(process, self.port, "/health/ready", 120) - began

    def command(self) -> list[str]:
        return [tradewind(self.options.program)]

    def password(self) -> str:
        """The admin's, kept beside the data: a folder that is used again keeps its admin."""
        note = self.data.with_name(self.data.name + ".admin")
        if not note.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            note.write_text(PASSWORD)
        return note.read_text()

    def open(self) -> None:
        self.shop = open_shop(self.port, self.password())
        self.use()

    def use(self) -> None:
        assert self.shop is not None
        self.orders = Orders(
            "/api/v1/orders", "Idempotency-Key", bodies(self.shop.products), self.shop.buyers
        )
        self.logged_in = time.monotonic()

    def refresh(self) -> None:
        """New tokens where the old ones may be about to end."""
        if self.shop and time.monotonic() > self.logged_in + 240:
            self.shop = log_in_again(self.port, self.password(), self.shop)
            self.use()

    def kill(self) -> None:
        for process in self.processes:
            assert isinstance(process, Process)
            process.kill()
        self.processes.clear()

    def rss_mb(self, field: str = "VmRSS") -> float:
        """Resident memory, shared pages too: the stricter figure, for the targets."""
        return sum(process.rss_mb(field) for process in self.processes)

    def durability(self) -> str:
        with closing(connect(str(self.ledger.path))) as connection:
            return of_sqlite(connection)

    def stored(self) -> int:
        return self.ledger.all_orders()

    def settle(self) -> None:
        """All stories told; those count no more. Errors: Failed, as `wait_whole` and `account`."""
        self.wait_whole(600)
        self.account()
        self.ledger.set_mark()

    def wait_whole(self, seconds: float, every: float = 0.1) -> float:
        """Returns the moment when no story is unfinished; Failed with what is open where that takes too
        long.
        """
        deadline = time.monotonic() + seconds
        while True:
            counts = self.ledger.counts() if self.ledger.pending() == 0 else None
            if counts and counts.whole:
                return time.perf_counter()
            if time.monotonic() > deadline:
                raise Failed(f"after {seconds:.0f} s not every story is whole: {self.ledger.counts()}")
            time.sleep(every)

    def stats(self) -> dict[str, object]:
        assert self.shop is not None
        return get(self.port, "/api/v1/ops/stats", self.shop.admin)

    def audit(self) -> str:
        """What `tradewind audit` found, in one line; Failed where an invariant does not hold."""
        argv = [tradewind(self.options.program), "audit", "--json"]
        commands.append("tradewind audit --json")
        env = clean_environment() | {"TRADEWIND_DATA": str(self.data)}
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).strip()[-800:]
        if done.returncode == 1:
            raise Failed(f"tradewind audit: an invariant does not hold: {said}")
        return (
            "audit: every invariant holds"
            if done.returncode == 0
            else f"audit could not run (exit {done.returncode}): {said}"
        )
