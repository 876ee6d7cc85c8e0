"""The two that are compared: the published design on Node.js behind a bare edge, and `tradewind up` on
blueprint `contracts`.
"""

from __future__ import annotations

from benchmarks.contracts.subject import Pair
from benchmarks.node import install
from benchmarks.processes import Process, free_port, need, wait_ok
from benchmarks.rpc.ours import Ours as Started

PEER = "node-contracts"


class Node(Pair):
    name = "node"
    table, bills = "orders", "invoices"
    warm_up_s = 8
    warm_up_requests = 10_000

    def start(self) -> None:
        node, program = need("node", "nodejs"), install(PEER)
        self.own()
        self.port, invoices, self.edge = free_port(), free_port(), free_port()
        shared = {"NODE_ENV": "production", "BROKER_URL": self.host.url}
        programs = {
            "orders": {"PORT": str(self.port), "DATABASE_URL": self.database.url},
            "invoices": {"PORT": str(invoices), "DATABASE_URL": self.invoices.url},
            "edge": {
                "PORT": str(self.edge),
                "ORDERS_SERVICE_URL": f"http://127.0.0.1:{self.port}",
                "INVOICES_SERVICE_URL": f"http://127.0.0.1:{invoices}",
            },
        }
        for role, env in programs.items():
            argv = [node, str(program / "src" / f"{role}.js")]
            log, cores = self.folder / f"{role}.log", self.options.server_cores
            process = Process(argv, log=log, env=shared | env, cores=cores)
            self.processes.append(process)
            wait_ok(process, int(env["PORT"]), "/orders/health" if role == "edge" else "/health")

    def roles(self) -> dict[str, int]:
        return {
            role: one.pid for role, one in zip(("orders", "invoices", "edge"), self.processes, strict=True)
        }


class Ours(Pair, Started):
    """One copy of each process."""

    name = "ours"
    blueprint = "contracts"
    ops_ports = ("EDGE_OPS_PORT", "ORDERS_OPS_PORT", "INVOICES_OPS_PORT")
    others = 2
    table, outbox, bills = "orders.orders", "orders.outbox", "invoices.invoices"

    def environment(self) -> dict[str, str]:
        self.edge = free_port()
        return {
            "KONG_PROXY_LISTEN": f"127.0.0.1:{self.edge}",
            "CONTRACTS_ORDERS_PORT": str(self.port),
            "CONTRACTS_INVOICES_PORT": str(free_port()),
            "ORDERS_DATABASE_URL": self.database.url,
            "INVOICES_DATABASE_URL": self.invoices.url,
            "BROKER_URL": self.host.url,
        }
