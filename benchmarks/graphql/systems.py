"""The two that are compared: the published design on NestJS and Apollo Server, and `tradewind up` on
blueprint `graphql`.
"""

from __future__ import annotations

from benchmarks.graphql.subject import Shop
from benchmarks.node import install
from benchmarks.processes import Process, free_port, need, wait_ok, wait_port
from benchmarks.rpc.ours import Ours as Started

PEER = "nestjs-graphql"
ROLES = ("users", "orders", "notifications", "gateway")


class Nest(Shop):
    name = "nest"
    warm_up_s = 8

    def start(self) -> None:
        node, program = need("node", "nodejs"), install(PEER)
        self.own()
        self.port = free_port()
        shared = self.variables() | {
            "NODE_ENV": "production",
            "RATE_POINTS": "0",
            "REDIS_DB": str(self.own_stores.keys),
        }
        ports = {"users": self.users, "orders": self.taker, "gateway": self.port}
        for role in ROLES:
            argv, log = [node, str(program / "dist" / f"{role}.js")], self.folder / f"{role}.log"
            env = shared | ({"PORT": str(ports[role])} if role in ports else {})
            process = Process(argv, log=log, env=env, cores=self.options.server_cores)
            self.processes.append(process)
            if role in ports:
                wait_ok(process, ports[role], "/health/live", 60)
            else:
                wait_port(process, self.notes, 60)

    def roles(self) -> dict[str, int]:
        return {role: one.pid for role, one in zip(ROLES, self.processes, strict=True)}


class Ours(Shop, Started):
    """One copy of each process."""

    name = "ours"
    blueprint = "graphql"
    health = "/health/ready"
    ops_ports = ("GATEWAY_OPS_PORT", "USERS_OPS_PORT", "ORDERS_OPS_PORT", "NOTIFICATIONS_OPS_PORT")
    others = 3

    def start_sink(self) -> int:
        """Started by `environment`: this blueprint has no published variable for it."""
        return self.collector

    def environment(self) -> dict[str, str]:
        self.collector = Started.start_sink(self)
        return self.variables() | {
            "TRADEWIND_OTLP_ENDPOINT": f"http://127.0.0.1:{self.collector}/v1/traces",
            "TRADEWIND_RATE_LIMIT": "0",
            "TRADEWIND_REDIS_URL": self.stores.cache_url(self.own_stores),
        }
