"""Tradewind as an operator starts a blueprint: `tradewind up --blueprint rpc`, everything on, traces of one
request in a hundred.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from benchmarks.processes import (
    Failed,
    Missing,
    Process,
    arguments,
    free_port,
    tradewind,
    tree,
    wait_ok,
    wait_port,
)
from benchmarks.rpc.subject import Subject

READY_S = 60
END_S = 60.0


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


class Ours(Subject):
    versioned = True
    name = "ours"
    blueprint = "rpc"
    health = "/health"
    ops_ports: Sequence[str] = (
        "GATEWAY_OPS_PORT",
        "ORDERS_OPS_PORT",
        "INVENTORY_OPS_PORT",
        "PAYMENTS_OPS_PORT",
    )
    copies, others = 1, 3
    """Of orders, and how many processes there are beside them."""
    table, outbox = "order_schema.orders", "order_schema.outbox"
    warm_up_s = 5
    warm_up_requests = 10_000

    def start(self) -> None:
        command = tradewind(self.options.program)
        self.own()
        self.port = free_port()
        env = {
            **self.environment(),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.start_sink()}/v1/traces",
            "TRADEWIND_TRACE_RATIO": "0.01",
            "TRADEWIND_DATA": str(self.folder / "data"),
            **dict.fromkeys(self.ops_ports, "0"),
        }
        argv = [command, "up", "--blueprint", self.blueprint]
        process = Process(argv, log=self.folder / "tradewind.log", env=env, cores=self.options.server_cores)
        self.processes.append(process)
        try:
            wait_ok(process, self.port, self.health, READY_S)
        except Failed as failure:
            raise Missing(
                f"`tradewind up --blueprint {self.blueprint}` does not come up: {last_line(str(failure))}"
            ) from failure

    def start_sink(self) -> int:
        """The port of a collector of its own."""
        port = free_port()
        self.spans = self.folder / "spans"
        argv = [sys.executable, "-m", "benchmarks.rpc.sink", "--port", str(port), "--count", str(self.spans)]
        self.sink = Process(argv, log=self.folder / "sink.log")
        wait_port(self.sink, port)
        return port

    def environment(self) -> dict[str, str]:
        """The variables of the blueprint, once its database and its virtual host are there."""
        return {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.database.port),
            "DB_NAME": self.database.name,
            "DB_USER": "postgres",
            "DB_PASSWORD": "postgres",
            "RABBITMQ_URL": self.host.url,
            "API_GATEWAY_PORT": str(self.port),
            "ORDERS_COPIES": str(self.copies),
        }

    def stop(self) -> None:
        super().stop()
        if hasattr(self, "sink"):
            self.sink.stop()

    def account(self) -> None:
        """Failed too where the event of an order does not reach the broker, which is an order's end here."""
        super().account()
        until = time.monotonic() + END_S
        while left := self.database.count(self.outbox):
            if time.monotonic() > until:
                raise Failed(f"{self.folder.name}: after {END_S:.0f} s {left} events are still in the outbox")
            time.sleep(0.1)

    def roles(self) -> dict[str, int]:
        """Told by their command lines: `… serve ROLE --copy N …`. The supervisor is no role: a container has
        none.
        """
        found: dict[str, int] = {}
        for pid in tree(self.processes[0].pid)[1:]:
            words = arguments(pid)
            if "serve" in words[:-1]:
                role = words[words.index("serve") + 1]
                found[
                    role
                    if role not in found
                    else f"{role}-{sum(name.startswith(role) for name in found) + 1}"
                ] = pid
        if len(found) < self.others + self.copies:
            raise Failed(
                f"{self.name}: of its processes there are only {', '.join(found) or 'none'}: {self.tail()}"
            )
        return dict(sorted(found.items()))

    def tail(self) -> str:
        process = self.processes[0]
        assert isinstance(process, Process)
        return process.tail()

    def more(self) -> dict[str, float]:
        spans = int(self.spans.read_text() or 0) if self.spans.exists() else 0
        return {"spans_exported": spans, "supervisor_rss_mb": self.processes[0].rss_mb_alone()}


class Doubled(Ours):
    name = "ours2"
    copies = 2
