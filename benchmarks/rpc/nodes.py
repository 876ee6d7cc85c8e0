"""The two Node pairs: the published NestJS design, and the same by hand, which says what that runtime can do
at best.
"""

from __future__ import annotations

from benchmarks.node import PEERS, install
from benchmarks.processes import Process, free_port, need, wait_ok
from benchmarks.rpc.subject import Subject

PEER = "nestjs-rpc"


class Pair(Subject):
    name = ""
    programs = ""
    warm_up_s = 12
    warm_up_requests = 20_000

    def start(self) -> None:
        node, program = need("node", "nodejs"), install(PEER)
        self.own(PEERS / PEER / "schema.sql")
        self.port = free_port()
        env = {"NODE_ENV": "production", "PORT": str(self.port), "ORDER_QUEUE": f"{self.name}_orders"}
        env |= {"RABBITMQ_URL": self.host.url, "DATABASE_URL": self.database.url}
        for role in ("orders", "gateway"):
            argv = [node, str(program / self.programs / f"{role}.js")]
            process = Process(argv, log=self.folder / f"{role}.log", env=env, cores=self.options.server_cores)
            self.processes.append(process)
        wait_ok(process, self.port, "/health")

    def roles(self) -> dict[str, int]:
        orders, gateway = self.processes
        return {"gateway": gateway.pid, "orders": orders.pid}


class Nest(Pair):
    name = "nest"
    programs = "dist"


class NestJS(Nest):
    """Beside a Tradewind of one process, which has its database in itself: the servers of the peer count as
    its own.
    """

    def cpu_seconds(self) -> float:
        return super().cpu_seconds() + sum(self.backends.cpu_seconds().values())

    def memory_mb(self) -> float:
        return super().memory_mb() + self.backends.memory_mb()


class Tuned(Pair):
    name = "node"
    programs = "tuned"
